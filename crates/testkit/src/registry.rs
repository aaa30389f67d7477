//! A registry in a folder of its own, which counts what it is asked and can be made to fail.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response};
use consign_oci::{ReferenceError, Repository};
use consign_registry_server::{AccessRecord, Options, Registry, ServerError};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// A registry that does not start.
#[derive(Debug, thiserror::Error)]
pub enum TestRegistryError {
    /// There is no folder or no address for it.
    #[error("there is no folder or no port for a registry")]
    Machine(#[from] io::Error),
    /// The registry cannot use its folder.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// What happens to a request instead of its answer.
#[derive(Debug)]
pub enum Fault {
    /// This is answered, and the registry never sees the request.
    Answer(Response<Body>),
    /// The registry does what it was asked, but this is answered.
    Replace(Response<Body>),
    /// The registry does what it was asked once this has been notified.
    Wait(Arc<Notify>),
    /// The connection ends, and the registry never sees the request.
    Drop,
    /// The registry does what it was asked, but the connection ends before it says so.
    DropAfter,
}

impl Fault {
    /// Makes the fault that only a status is answered.
    pub fn status(status: u16) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        Self::Answer(response)
    }

    /// Makes the fault that whoever asks is told to log in with a name and a password.
    pub fn login() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
        let challenge = axum::http::HeaderValue::from_static("Basic realm=\"test\"");
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        Self::Answer(response)
    }
}

type Hook = Box<dyn Fn(&Parts) -> Option<Fault> + Send + Sync>;

#[derive(Default)]
struct Observed {
    records: Mutex<Vec<AccessRecord>>,
    hooks: Mutex<Vec<Hook>>,
}

/// A registry on a free port of this machine. It ends, and its folder goes, when this is dropped.
pub struct TestRegistry {
    folder: TempDir,
    address: SocketAddr,
    observed: Arc<Observed>,
    serving: JoinHandle<()>,
}

impl TestRegistry {
    /// Starts a plain registry.
    pub async fn start() -> Result<Self, TestRegistryError> {
        Self::start_with(|_| {}).await
    }

    /// Starts a registry after `adjust` has changed its options. Its access log is taken: see [`Self::records`].
    pub async fn start_with(adjust: impl FnOnce(&mut Options)) -> Result<Self, TestRegistryError> {
        let folder = tempfile::tempdir()?;
        let observed = Arc::new(Observed::default());
        let mut options = Options::new(folder.path());
        adjust(&mut options);
        let log = Arc::clone(&observed);
        options.access_log = Some(Box::new(move |record| lock(&log.records).push(record.clone())));
        let registry = Registry::open(options)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve(listener, registry, Arc::clone(&observed)));
        Ok(Self { folder, address, observed, serving })
    }

    /// Returns the registry's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns the repository with this path.
    pub fn repository(&self, path: &str) -> Result<Repository, ReferenceError> {
        format!("{}/{path}", self.address).parse()
    }

    /// Returns every answer so far, in order, also those that faults gave; a dropped connection has the status 0.
    pub fn records(&self) -> Vec<AccessRecord> {
        lock(&self.observed.records).clone()
    }

    /// Returns every answer so far as `METHOD PATH STATUS`, for messages and comparisons.
    pub fn lines(&self) -> Vec<String> {
        self.records().iter().map(|record| format!("{} {} {}", record.method, record.path, record.status)).collect()
    }

    /// Returns the number of requests so far.
    pub fn requests(&self) -> usize {
        lock(&self.observed.records).len()
    }

    /// Returns the number of requests so far whose method changes a repository.
    pub fn writes(&self) -> usize {
        lock(&self.observed.records).iter().filter(|record| record.writes()).count()
    }

    /// Counts from nothing again.
    pub fn forget(&self) {
        lock(&self.observed.records).clear();
    }

    /// Lets `hook` see each request and decide what goes wrong with it. Of several hooks, the first that decides counts.
    pub fn hook(&self, hook: impl Fn(&Parts) -> Option<Fault> + Send + Sync + 'static) {
        lock(&self.observed.hooks).push(Box::new(hook));
    }

    /// Makes the `nth` request (from 1) that `matching` accepts go wrong. It is given method and path, with the query.
    pub fn fail(
        &self,
        nth: usize,
        matching: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
        fault: impl Fn() -> Fault + Send + Sync + 'static,
    ) {
        let seen = AtomicUsize::new(0);
        self.hook(move |head| {
            let matches = matching(head.method.as_str(), &path(head));
            (matches && seen.fetch_add(1, Ordering::Relaxed) + 1 == nth).then(&fault)
        });
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Says to the connection that it ends here.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
struct Dropped;

async fn serve(listener: TcpListener, registry: Registry, observed: Arc<Observed>) {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve_one(stream, registry.clone(), Arc::clone(&observed)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_one(stream: TcpStream, registry: Registry, observed: Arc<Observed>) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (registry, observed) = (registry.clone(), Arc::clone(&observed));
        async move { answer(&registry, &observed, request.map(Body::new)).await }
    });
    // How it ended is the client's business.
    _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(registry: &Registry, observed: &Observed, request: Request<Body>) -> Result<Response<Body>, Dropped> {
    let (head, body) = request.into_parts();
    let fault = lock(&observed.hooks).iter().find_map(|hook| hook(&head));
    let record = |status: u16| {
        let (method, path) = (head.method.to_string(), path(&head));
        lock(&observed.records).push(AccessRecord { method, path, status, bytes: 0, failure: None });
    };
    match fault {
        None => Ok(registry.handle(Request::from_parts(head, body)).await),
        Some(Fault::Wait(until)) => {
            until.notified().await;
            Ok(registry.handle(Request::from_parts(head, body)).await)
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
            registry.handle(Request::from_parts(head, body)).await;
            Ok(response)
        }
        Some(Fault::DropAfter) => {
            registry.handle(Request::from_parts(head, body)).await;
            Err(Dropped)
        }
    }
}

fn path(head: &Parts) -> String {
    head.uri.path_and_query().map_or_else(String::new, ToString::to_string)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
