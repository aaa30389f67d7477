//! TLS in front of a server on this machine that speaks plain HTTP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Whether who connects is asked who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// It may say so, if `authority.pem` vouches for it.
    MayShow,
    /// It has to.
    MustShow,
}

/// A front on a free port of this machine. It ends when this is dropped.
pub struct Front {
    address: SocketAddr,
    shown: Arc<Mutex<Vec<bool>>>,
    serving: JoinHandle<()>,
}

impl Front {
    /// Starts a front of `target`, `HOST:PORT`, which shows `NAME.pem` of a folder that [`crate::certificates::make`] has filled.
    pub async fn start(target: &str, folder: &Path, name: &str, clients: Clients) -> io::Result<Self> {
        let config = config(folder, name, clients).map_err(io::Error::other)?;
        let (acceptor, target) = (TlsAcceptor::from(Arc::new(config)), target.to_owned());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        let serving = tokio::spawn(async move {
            // The connections end with this task.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, target, seen) = (acceptor.clone(), target.clone(), Arc::clone(&seen));
                connections.spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let shows = stream.get_ref().1.peer_certificates().is_some_and(|shown| !shown.is_empty());
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(shows);
                    if let Ok(mut server) = TcpStream::connect(target).await {
                        // How it ended is the business of both sides.
                        _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, shown, serving })
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Takes, of each connection that was made so far, whether a certificate was shown.
    pub fn shown(&self) -> Vec<bool> {
        std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn config(
    folder: &Path,
    name: &str,
    clients: Clients,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let read = |name: String| CertificateDer::from_pem_file(folder.join(name));
    let mut roots = RootCertStore::empty();
    roots.add(read("authority.pem".to_owned())?)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = if clients == Clients::MayShow { verifier.allow_unauthenticated() } else { verifier };
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key")))?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder
        .with_client_cert_verifier(verifier.build()?)
        .with_single_cert(vec![read(format!("{name}.pem"))?], key)?)
}
