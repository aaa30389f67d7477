use crate::RegistryError;
use crate::options::Options;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for the next bytes of an answer.
const IDLE: Duration = Duration::from_secs(60);

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose {
    /// Whether it stays on this machine: then no proxy is used.
    pub(crate) loopback: bool,
    /// Whether a blob is sent: its answer comes only after all of it, however long that takes.
    pub(crate) sends_blob: bool,
}

/// The pools of connections, each made when it is first needed, since a machine that only speaks to itself may have no certificates.
pub(crate) struct Connections {
    certificates: Vec<Certificate>,
    user_agent: String,
    pools: [OnceLock<reqwest::Client>; 4],
}

impl Connections {
    pub(crate) fn new(options: &Options) -> Result<Self, RegistryError> {
        let mut certificates = Vec::new();
        for bundle in &options.certificates {
            certificates.extend(Certificate::from_pem_bundle(bundle).map_err(RegistryError::Setup)?);
        }
        Ok(Self { certificates, user_agent: options.user_agent.clone(), pools: Default::default() })
    }

    /// Returns the pool for a purpose.
    pub(crate) fn pool(&self, purpose: Purpose) -> Result<&reqwest::Client, RegistryError> {
        let cell = &self.pools[usize::from(purpose.loopback) * 2 + usize::from(purpose.sends_blob)];
        if let Some(pool) = cell.get() {
            return Ok(pool);
        }
        let pool = self.make(purpose)?;
        Ok(cell.get_or_init(|| pool))
    }

    fn make(&self, purpose: Purpose) -> Result<reqwest::Client, RegistryError> {
        let trusted = self.builder(purpose).tls_certs_merge(self.certificates.clone()).build();
        match trusted {
            // It fails where the system has no certificates at all. On loopback, plain HTTP needs none.
            Err(_) if purpose.loopback => self.builder(purpose).tls_certs_only(self.certificates.clone()).build(),
            made => made,
        }
        .map_err(RegistryError::Setup)
    }

    fn builder(&self, purpose: Purpose) -> ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(self.user_agent.clone())
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            // Not every resolver knows this name, and it never means another machine.
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let builder = if purpose.loopback { builder.no_proxy() } else { builder };
        // The HTTP client counts this from the beginning of the request on, so that it would end every upload that takes longer.
        // Blobs share no HTTP/2 connection: one of them would have to wait for the other.
        if purpose.sends_blob { builder.http1_only() } else { builder.read_timeout(IDLE) }
    }
}
