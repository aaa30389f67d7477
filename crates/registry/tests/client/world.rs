use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest, Repository, Tag, Target, media_type};
use consign_registry::{Client, Credentials, HostOptions, Options, Pushed, RegistryError};
use consign_registry_server::Options as ServerOptions;
use consign_testkit::registry::{Fault, TestRegistry};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;

/// A blob that is just too large to be sent with the request that asks to send it.
pub(crate) const BLOB: &[u8] = &[b'b'; (64 << 10) + 1];
/// The smallest blob that is worth a request which asks whether it is there.
pub(crate) const LARGE: &[u8] = &[b'l'; 1 << 20];

/// A registry, a repository in it and a client without credentials.
pub(crate) struct World {
    pub(crate) registry: TestRegistry,
    pub(crate) client: Client,
    pub(crate) repository: Repository,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut ServerOptions)) -> Self {
        let registry = TestRegistry::start_with(adjust).await.unwrap();
        let repository = registry.repository("team/app").unwrap();
        Self { registry, client: client(Options::default()), repository }
    }

    /// Makes a client of its own, which logs in to this registry.
    pub(crate) fn client_as(&self, credentials: Credentials) -> Client {
        let host = HostOptions { credentials, ..HostOptions::default() };
        client(Options { hosts: BTreeMap::from([(self.registry.host(), host)]), ..Options::default() })
    }

    pub(crate) async fn push(&self, bytes: &'static [u8]) -> Descriptor {
        push(&self.client, &self.repository, bytes, None).await.unwrap();
        Descriptor::of("text/plain", bytes)
    }

    /// Pushes an image of one layer with this text, under a tag if there is one.
    pub(crate) async fn push_image(&self, tag: Option<&str>, text: &'static str) -> Document {
        self.push(b"{}").await;
        self.push(text.as_bytes()).await;
        let document = image(text, |_| {});
        let target = tag.map_or_else(|| document.digest().clone().into(), named);
        self.client.put_manifest(&self.repository, &target, &document).await.unwrap();
        document
    }

    /// Takes the requests so far, as `METHOD PATH STATUS` without `/v2/team/app/`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let lines = self.registry.lines().iter().map(|line| line.replace("/v2/team/app/", "")).collect();
        self.registry.forget();
        lines
    }

    pub(crate) fn folder(&self, digest: &Digest) -> std::path::PathBuf {
        self.registry.folder().join("blobs/sha256").join(digest.hex())
    }
}

pub(crate) fn client(options: Options) -> Client {
    Client::new(options).unwrap()
}

pub(crate) fn basic(username: &str, password: &str) -> Credentials {
    Credentials::named(username, password)
}

pub(crate) fn named(tag: &str) -> Target {
    Target::Tag(tag.parse::<Tag>().unwrap())
}

/// Makes the manifest of an image with an empty config and one layer with this text.
pub(crate) fn image(text: &str, change: impl FnOnce(&mut Manifest)) -> Document {
    let mut manifest = Manifest::new(Descriptor::empty(), vec![Descriptor::of("text/plain", text.as_bytes())]);
    change(&mut manifest);
    Document::Manifest(Exact::write(manifest).unwrap())
}

pub(crate) async fn push(
    client: &Client,
    repository: &Repository,
    bytes: &'static [u8],
    from: Option<&Repository>,
) -> Result<Pushed, RegistryError> {
    client.push_blob(repository, &Descriptor::of("text/plain", bytes), async || Ok(bytes), from).await
}

pub(crate) async fn read(world: &World, descriptor: &Descriptor) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = world.client.blob(&world.repository, descriptor).await.unwrap();
    reader.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Makes an answer of a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// Answers every request that `matching` accepts (by method, and path with query) in the same way.
pub(crate) fn always(
    registry: &TestRegistry,
    matching: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    with: impl Fn() -> Response<Body> + Send + Sync + 'static,
) {
    registry.hook(move |head| matching(head.method.as_str(), &path(head)).then(|| Fault::Answer(with())));
}

pub(crate) fn path(head: &Parts) -> String {
    head.uri.path_and_query().map_or_else(String::new, ToString::to_string)
}

/// What requests showed in `Authorization`; an empty text where they showed nothing.
pub(crate) fn shown(registry: &TestRegistry) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    registry.hook(move |head| {
        log.lock().unwrap().push(authorization(head).to_owned());
        None
    });
    seen
}

pub(crate) fn authorization(head: &Parts) -> &str {
    head.headers.get("authorization").map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn manifest_type() -> (&'static str, &'static str) {
    ("content-type", media_type::MANIFEST)
}
