use crate::bandwidth::Bandwidth;
use crate::budget::Budget;
use crate::cloud;
use crate::connections::{Connections, Purpose, Security};
use crate::ecr::{Held, Session};
use crate::endpoint::{self, same_host};
use crate::known::Known;
use crate::listing::Listings;
use crate::options::{HostOptions, Options};
use crate::sessions::Sessions;
use crate::shared_tag::Waiting;
use crate::web::Web;
use crate::{Credentials, RegistryError};
use consign_oci::Repository;
use reqwest::Url;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Speaks to registries. Clones share connections, tokens and what is known about registries.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// Whether mirrors are read from.
    pub(crate) mirrors: bool,
    /// How many bytes flow in a second; `None` for as many as can.
    pub(crate) bandwidth: Option<Arc<Bandwidth>>,
}

struct Shared {
    options: Options,
    connections: Connections,
    sessions: Option<Sessions>,
    known: Mutex<Known>,
    /// By registry.
    budgets: Mutex<HashMap<String, Arc<Budget>>>,
    /// What is to be added to lists of referrers.
    waiting: Waiting,
    /// Held while a registry is tried out.
    probes: tokio::sync::Mutex<()>,
    /// By registry of ECR.
    ecr: HashMap<String, tokio::sync::Mutex<Held>>,
    /// By registry of another cloud.
    clouds: HashMap<String, tokio::sync::Mutex<cloud::Held>>,
}

impl Client {
    /// Makes a client.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let connections = Connections::new(&options);
        let ecr = options.hosts.iter().filter(|(_, host)| host.ecr.is_some());
        let ecr = ecr.map(|(name, _)| (name.clone(), tokio::sync::Mutex::default())).collect();
        let clouds = options.hosts.iter().filter(|(_, host)| host.cloud.is_some());
        let clouds = clouds.map(|(name, _)| (name.clone(), tokio::sync::Mutex::default())).collect();
        Ok(Self {
            mirrors: false,
            bandwidth: None,
            shared: Arc::new(Shared {
                sessions: options.uploads.clone().map(Sessions::new),
                options,
                connections,
                known: Mutex::default(),
                budgets: Mutex::default(),
                waiting: Waiting::default(),
                probes: tokio::sync::Mutex::default(),
                ecr,
                clouds,
            }),
        })
    }

    /// Returns what is particular about some hosts.
    pub(crate) fn hosts(&self) -> &BTreeMap<String, HostOptions> {
        &self.shared.options.hosts
    }

    pub(crate) fn options_of(&self, repository: &Repository) -> Option<&HostOptions> {
        self.hosts().get(repository.registry())
    }

    pub(crate) fn credentials_of(&self, repository: &Repository) -> &Credentials {
        self.options_of(repository).map_or(&Credentials::Anonymous, |options| options.credentials_of(repository.path()))
    }

    /// Returns what asks others than registries.
    pub(crate) fn web(&self) -> Web<'_> {
        Web { connections: &self.shared.connections, registry: None }
    }

    pub(crate) fn listings(&self) -> &Listings {
        &self.shared.options.listings
    }

    /// Returns what speaks to AWS about a repository's registry, if that is one of ECR's.
    pub(crate) fn ecr<'a>(&'a self, repository: &'a Repository) -> Option<Session<'a>> {
        let name = repository.registry();
        let ecr = self.options_of(repository)?.ecr.as_ref()?;
        Some(Session { name, ecr, held: self.shared.ecr.get(name)?, web: self.web() })
    }

    /// Returns what gives tokens for a repository's registry, if that is one of a cloud's.
    pub(crate) fn cloud<'a>(&'a self, repository: &'a Repository) -> Option<cloud::Session<'a>> {
        let name = repository.registry();
        let options = self.options_of(repository)?;
        let base = endpoint::base(repository, Some(options));
        let (cloud, held, web) = (options.cloud.as_ref()?, self.shared.clouds.get(name)?, self.web());
        Some(cloud::Session { name, base, cloud, held, web })
    }

    /// Returns connections to where a request of a repository's registry goes, which may be elsewhere: only the registry itself is told who we are.
    pub(crate) fn http(
        &self,
        repository: &Repository,
        url: &Url,
        sends_blob: bool,
    ) -> Result<reqwest::Client, RegistryError> {
        let connections = &self.shared.connections;
        let security = match url.scheme() {
            "https" => {
                let registry = endpoint::url(repository, self.options_of(repository), "")?;
                connections.security(repository.registry(), same_host(url, &registry))
            }
            _ => Security::Plain,
        };
        connections.pool(Purpose { loopback: repository.is_loopback(), sends_blob, security }, url)
    }
    /// Returns what is to be added to lists of referrers.
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.shared.waiting
    }

    pub(crate) async fn probes(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.probes.lock().await
    }

    pub(crate) fn budget(&self, repository: &Repository) -> Arc<Budget> {
        let mut budgets = self.shared.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.entry(repository.registry().to_owned()).or_default().clone()
    }

    pub(crate) fn sessions(&self) -> Option<&Sessions> {
        self.shared.sessions.as_ref()
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
