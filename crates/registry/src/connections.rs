use crate::RegistryError;
use crate::options::Options;
use crate::tls::{self, Tls};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};
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
    /// Which proxy leads where. The HTTP client reads the same variables in the same way.
    proxies: OnceLock<Matcher>,
    pools: Mutex<HashMap<Purpose, Client>>,
}

impl Connections {
    pub(crate) fn new(options: &Options) -> Self {
        let own = options.hosts.iter().filter(|(_, host)| !host.tls.is_empty());
        let registries = own.map(|(name, host)| (name.clone(), host.tls.clone())).collect();
        let user_agent = options.user_agent.clone();
        let (system, proxies) = (OnceLock::new(), OnceLock::new());
        Self { user_agent, registries, system, proxies, pools: Mutex::default() }
    }

    /// Returns whom a connection by HTTPS trusts that has to do with a registry.
    pub(crate) fn security(&self, registry: &str, is_itself: bool) -> Security {
        match self.registries.contains_key(registry) {
            true => Security::Registry { name: registry.to_owned(), is_itself },
            false => Security::System,
        }
    }

    /// Returns whether a registry asked who we are, and was told nothing.
    pub(crate) fn is_stranger_to(&self, registry: &str) -> bool {
        self.registries.get(registry).is_some_and(Tls::is_stranger)
    }

    /// Returns the pool for a purpose, over which this URL can be asked for. Pools are cheap to clone.
    pub(crate) fn pool(&self, purpose: Purpose, url: &Url) -> Result<Client, RegistryError> {
        self.check_proxy(&purpose, url)?;
        if let Some(pool) = self.pools.lock().unwrap_or_else(PoisonError::into_inner).get(&purpose) {
            return Ok(pool.clone());
        }
        let made = self.make(&purpose)?;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(pools.entry(purpose).or_insert(made).clone())
    }

    /// Refuses a proxy that would be shown the client certificate of the registry behind it: the HTTP client speaks TLS with both in the same way.
    fn check_proxy(&self, purpose: &Purpose, url: &Url) -> Result<(), RegistryError> {
        let Security::Registry { name, is_itself: true } = &purpose.security else { return Ok(()) };
        if purpose.loopback || !self.registries.get(name).is_some_and(Tls::identifies) {
            return Ok(());
        }
        let proxies = self.proxies.get_or_init(Matcher::from_system);
        let proxy = url.as_str().parse().ok().and_then(|url| proxies.intercept(&url));
        match proxy.filter(|proxy| proxy.uri().scheme_str() == Some("https")) {
            Some(proxy) => {
                let proxy = proxy.uri().host().unwrap_or_default().to_owned();
                Err(RegistryError::SecuredProxy { registry: name.clone(), proxy })
            }
            None => Ok(()),
        }
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
