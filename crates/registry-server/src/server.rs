use crate::{Options, Registry};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};
use axum::serve::ListenerExt;
use consign_store::StoreError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long requests that are being answered may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// A server that does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is not a loopback one, and nobody said that others may reach the registry.
    #[error(
        "{address} is reachable from other machines, and this registry has no TLS: allow remote addresses if a proxy protects it"
    )]
    Remote {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Serving ended.
    #[error("cannot serve on {address}")]
    Serve {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Another process writes to the folder.
    #[error(
        "another process writes to {}{}; beside that, it can be served read-only",
        folder.display(),
        open_at.map(|address| format!(", and serves it on {address}")).unwrap_or_default()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Where anyone may write to it, through the other process, if they may.
        open_at: Option<SocketAddr>,
    },
    /// The folder cannot be used.
    #[error("cannot open the registry's folder")]
    Folder(#[from] StoreError),
}

/// A registry that has an address and is about to serve.
pub struct Server {
    registry: Registry,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Opens the registry and takes the address; port 0 takes any free port.
    pub async fn bind(address: SocketAddr, options: Options) -> Result<Self, ServerError> {
        if !address.ip().to_canonical().is_loopback() && !options.allow_remote {
            return Err(ServerError::Remote { address });
        }
        let listen = |source| ServerError::Listen { address, source };
        // First, so that whoever has the folder at the same address is told apart from strangers there.
        let registry = Registry::open(options)?;
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        registry.tell(address)?;
        Ok(Self { registry, listener, address })
    }

    /// Returns the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready. Requests that are being answered then have five seconds to end.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), ServerError> {
        let Self { registry, listener, address } = self;
        let (stopping, stopped) = oneshot::channel::<()>();
        let router = axum::Router::new().fallback(answer).with_state(registry.clone());
        // Else an answer in two pieces waits for the client to confirm the first (RFC 896 and RFC 1122, 4.2.3.2).
        let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
        let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
            shutdown.await;
            drop(stopping);
        });
        let overdue = async {
            // The channel never carries anything: it ends when the shutdown begins.
            let _ = stopped.await;
            tokio::time::sleep(GRACE).await;
        };
        let served = tokio::select! {
            served = serving.into_future() => served.map_err(|source| ServerError::Serve { address, source }),
            () = overdue => Ok(()),
        };
        registry.close();
        served
    }

    /// Serves in a task of its own.
    pub fn spawn(self) -> Running {
        let address = self.address;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(self.run(async move {
            // Either a message or the end of the sender means to stop.
            let _ = stopped.await;
        }));
        Running { address, stop, task }
    }
}

async fn answer(State(registry): State<Registry>, request: Request<Body>) -> Response<Body> {
    registry.handle(request).await
}

/// A server that serves. It stops when this is dropped.
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServerError>>,
}

impl Running {
    /// Returns the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops, and waits until the last request is answered.
    pub async fn stop(self) -> Result<(), ServerError> {
        drop(self.stop);
        let address = self.address;
        self.task.await.map_err(|error| ServerError::Serve { address, source: io::Error::other(error) })?
    }
}
