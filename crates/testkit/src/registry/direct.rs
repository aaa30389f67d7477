use axum::body::Body;
use axum::http::{Request, StatusCode};
use consign_registry_server::Registry;

/// Largest answer that is read, in bytes.
const LIMIT: usize = 64 << 20;

/// Asks a registry for something, without a connection. `None` unless it answers that it has it.
pub async fn get(registry: &Registry, path: &str) -> Option<Vec<u8>> {
    let request = Request::get(path).body(Body::empty()).ok()?;
    let response = registry.handle(request).await;
    if response.status() != StatusCode::OK {
        return None;
    }
    Some(axum::body::to_bytes(response.into_body(), LIMIT).await.ok()?.to_vec())
}
