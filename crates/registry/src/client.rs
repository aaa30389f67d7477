use crate::auth::{HostAuth, Token};
use crate::options::{HostOptions, Options};
use crate::{Credentials, RegistryError};
use consign_oci::Repository;
use reqwest::redirect::Policy;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for the next bytes of an answer.
const IDLE: Duration = Duration::from_secs(60);

/// Speaks to registries. Clones share connections, tokens and what is known about hosts.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    /// For hosts elsewhere: by the system's proxy, if there is one.
    outside: reqwest::Client,
    /// For this machine.
    loopback: reqwest::Client,
    known: Mutex<Known>,
    /// Held while a list of referrers is brought up to date, so that writers of this process do not undo each other's work.
    lists: tokio::sync::Mutex<()>,
}

/// What was learned in this run.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) hosts: HashMap<String, HostAuth>,
    /// By registry and scopes.
    pub(crate) tokens: HashMap<(String, Vec<String>), Token>,
    /// Registries that have no referrers API.
    pub(crate) without_referrers: std::collections::HashSet<String>,
}

impl Client {
    /// Makes a client.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let builder = || {
            let mut builder = reqwest::Client::builder()
                .user_agent(options.user_agent.clone())
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .read_timeout(IDLE)
                // Not every resolver knows this name, and it never means another machine.
                .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
            for certificate in &options.certificates {
                builder = builder.add_root_certificate(reqwest::Certificate::from_pem(certificate)?);
            }
            Ok(builder)
        };
        let outside = builder().and_then(reqwest::ClientBuilder::build).map_err(RegistryError::Setup)?;
        let loopback = builder().and_then(|builder| builder.no_proxy().build()).map_err(RegistryError::Setup)?;
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                outside,
                loopback,
                known: Mutex::default(),
                lists: tokio::sync::Mutex::default(),
            }),
        })
    }

    pub(crate) fn options_of(&self, repository: &Repository) -> Option<&HostOptions> {
        self.shared.options.hosts.get(repository.registry())
    }

    pub(crate) fn credentials_of(&self, repository: &Repository) -> &Credentials {
        self.options_of(repository).map_or(&Credentials::Anonymous, |options| &options.credentials)
    }

    pub(crate) fn http(&self, repository: &Repository) -> &reqwest::Client {
        if repository.is_loopback() { &self.shared.loopback } else { &self.shared.outside }
    }

    pub(crate) async fn lists(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.lists.lock().await
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
