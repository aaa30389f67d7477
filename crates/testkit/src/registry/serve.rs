//! Answers requests, or lets them go wrong.

use super::fault::{Call, Fault};
use super::{Observed, lock, path};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response};
use consign_registry_server::{AccessRecord, Registry};
use futures::stream::{self, StreamExt};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use tokio::task::JoinSet;

/// Says that a connection is still there, or something that was asked for on it.
type Open = Arc<OwnedRwLockReadGuard<()>>;

/// Says to the connection that it ends here.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
struct Dropped;

pub(super) async fn serve(
    listener: TcpListener,
    registry: Registry,
    observed: Arc<Observed>,
    open_connections: Arc<RwLock<()>>,
) {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Else small answers in two pieces wait for each other (RFC 896 and RFC 1122, 4.2.3.2).
        _ = stream.set_nodelay(true);
        let open = Arc::new(Arc::clone(&open_connections).read_owned().await);
        connections.spawn(serve_one(open, stream, registry.clone(), Arc::clone(&observed)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection. That it is open is the last that is forgotten of it.
async fn serve_one(open: Open, stream: TcpStream, registry: Registry, observed: Arc<Observed>) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (registry, observed, open) = (registry.clone(), Arc::clone(&observed), Arc::clone(&open));
        async move { answer(&registry, &observed, request.map(Body::new), open).await }
    });
    // How it ended is the client's business.
    _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    registry: &Registry,
    observed: &Observed,
    request: Request<Body>,
    open: Open,
) -> Result<Response<Body>, Dropped> {
    let (head, body) = request.into_parts();
    let fault = lock(&observed.hooks).iter().find_map(|hook| hook(&head));
    let record = |status: u16| {
        let (method, path) = (head.method.to_string(), path(&head));
        lock(&observed.records).push(AccessRecord { method, path, status, bytes: 0, failure: None });
    };
    // In a task of its own: what was begun is finished, also for a client that has gone.
    let handle = async |head: Parts, body: Body| {
        let registry = registry.clone();
        let handled = tokio::spawn(async move {
            let response = registry.handle(Request::from_parts(head, body)).await;
            drop(registry);
            drop(open);
            response
        });
        handled.await.map_err(|_| Dropped)
    };
    match fault {
        None => handle(head, body).await,
        Some(Fault::Without(header)) => {
            let mut response = handle(head, body).await?;
            response.headers_mut().remove(header);
            Ok(response)
        }
        Some(Fault::Wait(until)) => {
            until.notified().await;
            handle(head, body).await
        }
        Some(Fault::Answer(response)) => {
            record(response.status().as_u16());
            Ok(response)
        }
        Some(Fault::Drop) => {
            record(0);
            Err(Dropped)
        }
        Some(Fault::Replace(response)) => {
            handle(head, body).await?;
            Ok(response)
        }
        Some(Fault::DropAfter) => {
            handle(head, body).await?;
            Err(Dropped)
        }
        Some(Fault::CallAfter(call)) => {
            handle(head, body).await?;
            call.call();
            Err(Dropped)
        }
        Some(Fault::CallMidway(call)) => {
            handle(head, halved(body, call).await?).await?;
            Err(Dropped)
        }
    }
}

/// Returns the first half of a body, after which a call is made and the rest never comes.
async fn halved(body: Body, call: Call) -> Result<Body, Dropped> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Dropped)?;
    let half = bytes.slice(..bytes.len() / 2);
    let rest = stream::once(async move {
        call.call();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Ok(Body::from_stream(stream::iter([Ok(half)]).chain(rest)))
}
