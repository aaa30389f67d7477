//! A registry in a folder of its own, which counts what it is asked and can be made to fail.

mod direct;
mod fault;
mod serve;

pub use direct::get;
pub use fault::{Call, Fault};

use axum::http::request::Parts;
use consign_oci::{ReferenceError, Repository};
use consign_registry_server::{AccessRecord, Options, Registry, ServerError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

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

type Hook = Box<dyn Fn(&Parts) -> Option<Fault> + Send + Sync>;

#[derive(Default)]
struct Observed {
    records: Mutex<Vec<AccessRecord>>,
    hooks: Mutex<Vec<Hook>>,
}

/// A registry on a free port of this machine. It ends, and its folder goes, when this is dropped.
pub struct TestRegistry {
    folder: PathBuf,
    address: SocketAddr,
    observed: Arc<Observed>,
    /// Read by every connection, and by what it asked for.
    connections: Arc<RwLock<()>>,
    serving: JoinHandle<()>,
    _own: Option<TempDir>,
}

impl TestRegistry {
    /// Starts a plain registry.
    pub async fn start() -> Result<Self, TestRegistryError> {
        Self::start_with(|_| {}).await
    }

    /// Starts a registry after `adjust` has changed its options. Its access log is taken: see [`Self::records`].
    pub async fn start_with(adjust: impl FnOnce(&mut Options)) -> Result<Self, TestRegistryError> {
        let folder = tempfile::tempdir()?;
        let mut options = Options::new(folder.path());
        adjust(&mut options);
        let mut this = Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), options).await?;
        this._own = Some(folder);
        Ok(this)
    }

    /// Starts a registry at this address, in the folder that the options name, which stays. Its access log is taken: see [`Self::records`].
    pub async fn start_at(address: SocketAddr, mut options: Options) -> Result<Self, TestRegistryError> {
        let folder = options.root.clone();
        let observed = Arc::new(Observed::default());
        let log = Arc::clone(&observed);
        options.access_log = Some(Box::new(move |record| lock(&log.records).push(record.clone())));
        let registry = Registry::open(options)?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let connections = Arc::default();
        let serving = tokio::spawn(serve::serve(listener, registry, Arc::clone(&observed), Arc::clone(&connections)));
        Ok(Self { folder, address, observed, connections, serving, _own: None })
    }

    /// Returns the registry's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what makes the registry vanish: nobody listens any more, and every connection ends.
    pub fn vanishing(&self) -> Call {
        let serving = self.serving.abort_handle();
        Call::new(move || serving.abort())
    }

    /// Ends the registry, and lets others have its folder and its port. Clients must have ended. It may have vanished before.
    pub async fn stop(mut self) -> io::Result<()> {
        if !self.serving.is_finished() {
            self.quiet().await?;
        }
        self.serving.abort();
        // That it was aborted is what it says.
        _ = (&mut self.serving).await;
        drop(self.connections.write().await);
        Ok(())
    }

    /// Waits until everything is done that clients asked for. They must have ended.
    pub async fn quiet(&self) -> io::Result<()> {
        // Whoever connected earlier is served by the time that this one is answered.
        let mut probe = TcpStream::connect(self.address).await?;
        probe.write_all(b"quiet").await?;
        probe.shutdown().await?;
        probe.read_to_end(&mut Vec::new()).await?;
        drop(self.connections.write().await);
        Ok(())
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

fn path(head: &Parts) -> String {
    head.uri.path_and_query().map_or_else(String::new, ToString::to_string)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
