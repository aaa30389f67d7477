use crate::RegistryError;
use crate::options::Options;
use crate::tls::{self, Tls};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for the next bytes of an answer.
const IDLE: Duration = Duration::from_secs(60);

/// What a connection is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Purpose {
    /// Whether it stays on this machine: then no proxy is used.
    pub(crate) loopback: bool,
    /// Whether a blob is sent: its answer comes only after all of it, however long that takes.
    pub(crate) sends_blob: bool,
    pub(crate) security: Security,
}

/// Whom a connection trusts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    /// It speaks plain HTTP, for which no certificate is needed: they are not even read.
    Plain,
    /// Whom the system trusts.
    System,
    /// And whom this registry is vouched for by.
    Registry {
        name: String,
        /// Whether it is the registry itself, which is told who we are, and not somebody to whom it leads.
        is_itself: bool,
    },
}

/// The pools of connections, each made when it is first needed.
pub(crate) struct Connections {
    user_agent: String,
    /// What registries have of their own, by their names.
    registries: HashMap<String, Tls>,
    /// Whom the system trusts. There are hundreds of files of them.
    system: OnceLock<RootCertStore>,
    pools: Mutex<HashMap<Purpose, Client>>,
}

impl Connections {
    pub(crate) fn new(options: &Options) -> Self {
        let own = options.hosts.iter().filter(|(_, host)| !host.tls.is_empty());
        let registries = own.map(|(name, host)| (name.clone(), host.tls.clone())).collect();
        let user_agent = options.user_agent.clone();
        Self { user_agent, registries, system: OnceLock::new(), pools: Mutex::default() }
    }

    /// Returns whom a connection by HTTPS trusts that has to do with a registry.
    pub(crate) fn security(&self, registry: &str, is_itself: bool) -> Security {
        match self.registries.contains_key(registry) {
            true => Security::Registry { name: registry.to_owned(), is_itself },
            false => Security::System,
        }
    }

    /// Returns the pool for a purpose. Pools are cheap to clone.
    pub(crate) fn pool(&self, purpose: Purpose) -> Result<Client, RegistryError> {
        if let Some(pool) = self.pools.lock().unwrap_or_else(PoisonError::into_inner).get(&purpose) {
            return Ok(pool.clone());
        }
        let made = self.make(&purpose)?;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(pools.entry(purpose).or_insert(made).clone())
    }

    fn make(&self, purpose: &Purpose) -> Result<Client, RegistryError> {
        let mut config = self.config(&purpose.security)?;
        let builder = self.builder(purpose.loopback);
        // The HTTP client counts the time to read from the beginning of the request on, so that it would end every upload that takes longer.
        // Blobs share no HTTP/2 connection: one of them would have to wait for the other.
        let builder = match purpose.sends_blob {
            true => builder.http1_only(),
            false => {
                config.alpn_protocols.push(b"h2".to_vec());
                builder.read_timeout(IDLE)
            }
        };
        config.alpn_protocols.push(b"http/1.1".to_vec());
        builder.tls_backend_preconfigured(config).build().map_err(|error| RegistryError::Setup(error.into()))
    }

    fn config(&self, security: &Security) -> Result<ClientConfig, RegistryError> {
        let none = Tls::default();
        let (tls, shows_identity) = match security {
            Security::Plain => return tls::nobody().map_err(|error| RegistryError::Setup(error.into())),
            Security::System => (&none, false),
            Security::Registry { name, is_itself } => (self.registries.get(name).unwrap_or(&none), *is_itself),
        };
        let config = tls.config(self.system.get_or_init(tls::system), shows_identity);
        config.map_err(|error| RegistryError::Setup(error.into()))?.ok_or(RegistryError::NoCertificates)
    }

    fn builder(&self, loopback: bool) -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(self.user_agent.clone())
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            // Not every resolver knows this name, and it never means another machine.
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        if loopback { builder.no_proxy() } else { builder }
    }
}
