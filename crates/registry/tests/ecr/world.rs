use consign_oci::{Descriptor, Repository};
use consign_registry::aws::{Endpoints, Github, Keys, Sources};
use consign_registry::ecr::{Ecr, Registry};
use consign_registry::{Client, Credentials, HostOptions, Options, Pushed, RegistryError, Secret};
use consign_testkit::aws::Aws;
use consign_testkit::registry::TestRegistry;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A registry that wants what the services give.
pub(crate) struct World {
    pub(crate) aws: Aws,
    pub(crate) registry: TestRegistry,
    pub(crate) repository: Repository,
}

impl World {
    /// Starts a private registry with the repository `team/app`.
    pub(crate) async fn new() -> Self {
        let world = Self::empty().await;
        world.client(|ecr| ecr.create = Some(true)).push("warm up").await.unwrap();
        world.aws.asked();
        world.registry.forget();
        world
    }

    /// Starts a private registry without any repository.
    pub(crate) async fn empty() -> Self {
        let aws = Aws::start().await.unwrap();
        let registry = TestRegistry::start().await.unwrap();
        aws.guard(&registry);
        let repository = registry.repository("team/app").unwrap();
        Self { aws, registry, repository }
    }

    /// Returns what every source here needs to know.
    pub(crate) fn sources(&self) -> Sources {
        let here = || Some(self.aws.address().to_owned());
        let endpoints = Endpoints { sts: here(), ecr: here(), ecr_public: here() };
        Sources { endpoints, ..Sources::default() }
    }

    /// Makes a client with keys that are stated.
    pub(crate) fn client(&self, adjust: impl FnOnce(&mut Ecr)) -> Pusher {
        let keys = Keys::new("AKIDSTATED", "hunter2", None);
        self.client_of(Sources { keys: Some(keys), ..self.sources() }, adjust)
    }

    pub(crate) fn client_of(&self, sources: Sources, adjust: impl FnOnce(&mut Ecr)) -> Pusher {
        let mut ecr = Ecr::new(Registry::in_region("eu-central-1").unwrap(), Arc::new(sources));
        adjust(&mut ecr);
        self.client_with(HostOptions { ecr: Some(ecr), ..HostOptions::default() })
    }

    pub(crate) fn client_with(&self, host: HostOptions) -> Pusher {
        let hosts = BTreeMap::from([(self.registry.host(), host)]);
        let client = Client::new(Options { hosts, ..Options::default() }).unwrap();
        Pusher { client, repository: self.repository.clone() }
    }

    /// Takes what the registry was asked, as `METHOD PATH STATUS`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.registry.lines();
        self.registry.forget();
        lines
    }

    pub(crate) fn github(&self) -> Github {
        Github { url: Secret::new(format!("{}/github?a=b", self.aws.address())), token: Secret::new("hunter2 job") }
    }
}

/// A client, and where it pushes to.
pub(crate) struct Pusher {
    pub(crate) client: Client,
    pub(crate) repository: Repository,
}

impl Pusher {
    pub(crate) async fn push(&self, text: &'static str) -> Result<Pushed, RegistryError> {
        self.push_to(&self.repository, text).await
    }

    pub(crate) async fn push_to(&self, repository: &Repository, text: &'static str) -> Result<Pushed, RegistryError> {
        let descriptor = Descriptor::of("text/plain", text.as_bytes());
        self.client.push_blob(repository, &descriptor, async || Ok(text.as_bytes()), None).await
    }
}

/// Makes credentials that somebody stated for the registry.
pub(crate) fn stated() -> Credentials {
    Credentials::named("me", "stated")
}
