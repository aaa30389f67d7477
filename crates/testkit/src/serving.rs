//! Services on free ports of this machine.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A port that is taken, and not answered at yet: what answers may have to know its address.
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

/// A service, which ends when this is dropped.
pub(crate) struct Serving(JoinHandle<()>);

impl Port {
    /// Takes a free one.
    pub(crate) async fn take() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Returns `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers every request.
    pub(crate) fn serve<A>(self, answer: impl Fn(Request<Body>) -> A + Clone + Send + Sync + 'static) -> Serving
    where
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        let router = Router::new().fallback(answer);
        Serving(tokio::spawn(async move {
            // It ends with the test.
            _ = axum::serve(self.listener, router).await;
        }))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}
