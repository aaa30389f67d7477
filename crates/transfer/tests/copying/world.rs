use consign_image::{ImageReference, Place, Sink};
use consign_oci::{Descriptor, Document, Exact, Index, Manifest, Repository, Tag, Target, media_type};
use consign_registry::{Client, Options as ClientOptions};
use consign_store::Store;
use consign_testkit::registry::TestRegistry;
use consign_transfer::{Copied, Copier, Count, Options};

/// How large layers are, in bytes: more than what is sent unasked, as those of most images.
const LAYER: usize = 70_000;
pub(crate) const PLATFORMS: [&str; 4] = ["linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x"];

/// What became of a copy.
pub(crate) struct Outcome {
    pub(crate) copied: Copied,
    pub(crate) count: Count,
    pub(crate) left_behind: Vec<Tag>,
    /// How often both registries were asked.
    pub(crate) requests: usize,
}

/// Two registries, a client and a store.
pub(crate) struct World {
    pub(crate) from: TestRegistry,
    pub(crate) to: TestRegistry,
    pub(crate) client: Client,
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            from: TestRegistry::start().await.unwrap(),
            to: TestRegistry::start().await.unwrap(),
            client: client(),
            store: Store::open(folder.path().join("store")).unwrap(),
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Returns `REGISTRY/NAME`.
    pub(crate) fn at(registry: &TestRegistry, name: &str) -> String {
        format!("{}/{name}", registry.host())
    }

    pub(crate) fn source(&self, name: &str) -> Place {
        let reference: ImageReference = name.parse().unwrap();
        Place::open(&reference, &self.client, || Ok(self.store.clone())).unwrap()
    }

    pub(crate) fn sink(&self, name: &str) -> Sink {
        let reference: ImageReference = name.parse().unwrap();
        Sink::open(&reference, &self.client, || Ok(self.store.clone())).unwrap()
    }

    /// Copies with a client that knows nothing yet.
    pub(crate) async fn copy(&mut self, from: &str, to: &str, options: &Options) -> Outcome {
        self.client = client();
        self.from.forget();
        self.to.forget();
        let (source, sink) = (self.source(from), self.sink(to));
        let copier = Copier::new(&source, &sink, options);
        let copied = copier.copy().await.unwrap();
        let requests = self.from.requests() + self.to.requests();
        Outcome { copied, count: copier.count(), left_behind: copier.left_behind(), requests }
    }

    /// Returns what both registries were asked.
    pub(crate) fn asked(&self) -> String {
        [self.from.lines(), self.to.lines()].concat().join("\n")
    }
}

pub(crate) fn client() -> Client {
    Client::new(ClientOptions::default()).unwrap()
}

/// Copies that leave signatures behind, as all peers' do that were counted.
pub(crate) fn bare() -> Options {
    Options { without_referrers: true, ..Options::default() }
}

/// Pushes an image of this many layers, which differ with `seed`, by its digest, and under a tag if there is one.
pub(crate) async fn push_image(name: &str, seed: u8, layers: u8) -> Document {
    let reference: consign_oci::Reference = name.parse().unwrap();
    let client = client();
    let created = format!("2026-01-{seed:02}T00:00:00Z");
    let config = format!(r#"{{"os":"linux","architecture":"amd64","created":"{created}"}}"#).into_bytes();
    let config_descriptor = push(&client, &reference.repository, media_type::CONFIG, config).await;
    let mut descriptors = Vec::new();
    for layer in 0..layers {
        let bytes = [[seed, layer].repeat(LAYER / 2), vec![layer]].concat();
        descriptors.push(push(&client, &reference.repository, media_type::LAYER, bytes).await);
    }
    let manifest = Document::Manifest(Exact::write(Manifest::new(config_descriptor, descriptors)).unwrap());
    client.put_manifest(&reference.repository, &reference.target(), &manifest).await.unwrap();
    manifest
}

/// Pushes an index of four platforms.
pub(crate) async fn push_index(name: &str, layers: u8) -> Document {
    let reference: consign_oci::Reference = name.parse().unwrap();
    let mut entries = Vec::new();
    for (seed, platform) in (1_u8..).zip(PLATFORMS) {
        let image = push_image(&format!("{}:child-{seed}", reference.repository), seed, layers).await;
        entries.push(Descriptor { platform: Some(platform.parse().unwrap()), ..image.descriptor() });
    }
    let index = Document::Index(Exact::write(Index::new(entries)).unwrap());
    client().put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    index
}

/// Pushes an artifact about a manifest, and returns it.
pub(crate) async fn push_artifact(repository: &Repository, subject: &Document, text: &str) -> Document {
    push_manifest(repository, text, |manifest| manifest.subject = Some(subject.descriptor()), None).await
}

/// Pushes an artifact that only a tag leads to.
pub(crate) async fn push_tagged(repository: &Repository, tag: &str, text: &str) -> Document {
    push_manifest(repository, text, |_| {}, Some(tag.parse().unwrap())).await
}

async fn push_manifest(
    repository: &Repository,
    text: &str,
    change: impl FnOnce(&mut Manifest),
    tag: Option<Tag>,
) -> Document {
    let client = client();
    push(&client, repository, media_type::EMPTY, b"{}".to_vec()).await;
    let layer = push(&client, repository, "text/plain", text.as_bytes().to_vec()).await;
    let mut manifest = Manifest::new(Descriptor::empty(), vec![layer]);
    manifest.artifact_type = Some("text/plain".to_owned());
    change(&mut manifest);
    let document = Document::Manifest(Exact::write(manifest).unwrap());
    let target = tag.map_or_else(|| document.digest().clone().into(), Target::Tag);
    client.put_manifest(repository, &target, &document).await.unwrap();
    document
}

/// Pushes a blob.
pub(crate) async fn push(client: &Client, repository: &Repository, media_type: &str, bytes: Vec<u8>) -> Descriptor {
    let descriptor = Descriptor::of(media_type, &bytes);
    let bytes: &'static [u8] = bytes.leak();
    client.push_blob(repository, &descriptor, async || Ok(bytes), None).await.unwrap();
    descriptor
}
