//! A registry that takes whatever it is given, and gives whatever it has.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, Response};
use consign_oci::{Digest, Document};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it has, by `REPOSITORY/blobs/DIGEST` and `REPOSITORY/manifests/TARGET`, with the media type.
type Contents = Arc<Mutex<BTreeMap<String, (String, Vec<u8>)>>>;

/// A registry that never looks for the parts of a manifest, and holds nothing against a digest.
pub(crate) struct Careless {
    pub(crate) host: String,
    contents: Contents,
    serving: JoinHandle<()>,
}

impl Careless {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let contents = Contents::default();
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&contents));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { host, contents, serving }
    }

    /// Makes it have a blob.
    pub(crate) fn blob(&self, repository: &str, digest: &Digest, bytes: &[u8]) {
        self.put(format!("{repository}/blobs/{digest}"), "application/octet-stream", bytes);
    }

    /// Makes it have a manifest, of which nobody asks whether its parts are there.
    pub(crate) fn document(&self, repository: &str, target: &str, document: &Document) {
        self.bytes(repository, target, document.media_type(), document.bytes());
    }

    /// Makes it answer a question for a manifest with these bytes.
    pub(crate) fn bytes(&self, repository: &str, target: &str, media_type: &str, bytes: &[u8]) {
        self.put(format!("{repository}/manifests/{target}"), media_type, bytes);
    }

    fn put(&self, path: String, media_type: &str, bytes: &[u8]) {
        self.contents.lock().unwrap().insert(path, (media_type.to_owned(), bytes.to_vec()));
    }
}

impl Drop for Careless {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(contents): State<Contents>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let path = head.uri.path().trim_start_matches("/v2/").to_owned();
    let query = head.uri.query().unwrap_or_default().replace("%3A", ":");
    let digest = query.split('&').find_map(|pair| pair.strip_prefix("digest="));
    let mut contents = contents.lock().unwrap();
    let response = Response::builder();
    if let Some((repository, _)) = path.split_once("/blobs/uploads/") {
        return match digest {
            Some(digest) => {
                contents.insert(format!("{repository}/blobs/{digest}"), ("application/octet-stream".into(), bytes));
                response.status(201).body(Body::empty()).unwrap()
            }
            None => {
                let location = format!("/v2/{repository}/blobs/uploads/1");
                response.status(202).header("location", location).body(Body::empty()).unwrap()
            }
        };
    }
    if head.method == Method::PUT {
        let media_type = head.headers["content-type"].to_str().unwrap().to_owned();
        let (repository, _) = path.split_once("/manifests/").unwrap();
        contents.insert(format!("{repository}/manifests/{}", Digest::of(&bytes)), (media_type.clone(), bytes.clone()));
        contents.insert(path, (media_type, bytes));
        return response.status(201).body(Body::empty()).unwrap();
    }
    if head.method == Method::DELETE {
        let status = if contents.remove(&path).is_some() { 202 } else { 404 };
        return response.status(status).body(Body::empty()).unwrap();
    }
    match contents.get(&path) {
        Some((media_type, bytes)) => {
            let response = response.header("content-type", media_type);
            response.header("docker-content-digest", Digest::of(bytes).to_string()).body(bytes.clone().into()).unwrap()
        }
        None => response.status(404).body(Body::empty()).unwrap(),
    }
}
