use axum::body::Body;
use axum::http::Response;
use consign_oci::{Descriptor, Repository, Target};
use consign_registry::aws::Github;
use consign_registry::cloud::{Azure, AzureEndpoints, Cloud, Google, GoogleEndpoints};
use consign_registry::{Client, HostOptions, Options, Pushed, RegistryError, Secret};
use consign_testkit::aws::{Asked, Aws};
use consign_testkit::registry::{Fault, TestRegistry};
use std::collections::BTreeMap;

/// A registry that wants what the services of a cloud give. They answer what a test has them answer; GitHub's always do.
pub(crate) struct World {
    pub(crate) services: Aws,
    pub(crate) registry: TestRegistry,
    repository: Repository,
}

/// Who pushes.
pub(crate) struct Pusher {
    client: Client,
    repository: Repository,
}

impl World {
    pub(crate) async fn new() -> Self {
        let registry = TestRegistry::start().await.unwrap();
        let repository = registry.repository("team/app").unwrap();
        Self { services: Aws::start().await.unwrap(), registry, repository }
    }

    /// Has the registry ask for `authorization`, by this challenge.
    pub(crate) fn guard(&self, authorization: &str, challenge: &str) {
        let (wanted, challenge) = (authorization.to_owned(), challenge.to_owned());
        self.registry.hook(move |head| {
            let shown = head.headers.get("authorization").and_then(|value| value.to_str().ok());
            let refused = Response::builder().status(401).header("www-authenticate", &challenge);
            (shown != Some(wanted.as_str())).then(|| Fault::Answer(refused.body(Body::empty()).unwrap()))
        });
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.services.address())
    }

    pub(crate) fn github(&self) -> Option<Github> {
        Some(Github { url: Secret::new(self.at("/github?a=b")), token: Secret::new("hunter2 job") })
    }

    pub(crate) fn google(&self) -> Google {
        let here = || Some(self.at(""));
        Google { endpoints: GoogleEndpoints { sts: here(), iam_credentials: here() }, ..Google::default() }
    }

    pub(crate) fn azure(&self) -> Azure {
        let endpoints = AzureEndpoints { authority: Some(self.at("")), exchange: Some(self.at("/oauth2/exchange")) };
        Azure { endpoints, ..Azure::default() }
    }

    pub(crate) fn client(&self, cloud: Cloud) -> Pusher {
        Pusher::new(self.repository.clone(), HostOptions { cloud: Some(cloud), ..HostOptions::default() })
    }

    /// Pushes with a client of its own, and returns what the services were asked.
    pub(crate) async fn pushed(&self, cloud: Cloud) -> Vec<Asked> {
        self.client(cloud).push("one").await.unwrap();
        self.services.asked()
    }

    /// Returns why nothing can be pushed.
    pub(crate) async fn refused(&self, cloud: Cloud) -> RegistryError {
        self.client(cloud).push("one").await.unwrap_err()
    }
}

impl Pusher {
    pub(crate) fn new(repository: Repository, host: HostOptions) -> Self {
        let hosts = BTreeMap::from([(repository.registry().to_owned(), host)]);
        Self { client: Client::new(Options { hosts, ..Options::default() }).unwrap(), repository }
    }

    /// Looks at a registry that may be read, as one does who will push to it.
    pub(crate) async fn look(&self) -> Result<(), RegistryError> {
        self.client.probe(&self.repository).await.unwrap();
        self.client.check_identity(&self.repository).await
    }

    /// Asks for a tag that is not there.
    pub(crate) async fn read(&self) -> Result<(), RegistryError> {
        let found = self.client.manifest(&self.repository, &Target::Tag("1".parse().unwrap())).await?;
        assert_eq!(found, None);
        Ok(())
    }

    pub(crate) async fn push(&self, text: &'static str) -> Result<Pushed, RegistryError> {
        let descriptor = Descriptor::of("text/plain", text.as_bytes());
        self.client.push_blob(&self.repository, &descriptor, async || Ok(text.as_bytes()), None).await
    }
}

pub(crate) fn names(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.what.as_str()).collect()
}

/// Returns the fields of a form.
pub(crate) fn fields(asked: &Asked) -> BTreeMap<String, String> {
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    let pairs = asked.body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}
