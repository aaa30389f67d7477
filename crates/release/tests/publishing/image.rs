use consign_oci::{Descriptor, Digest, Exact, ImageConfig, Index, Manifest, Platform, Repository, Tag, media_type};
use consign_receipt::predicate::ReleasedDestination;
use consign_receipt::{Candidate, PlatformCandidate, Policy, Requirement, Verdict, gate};
use consign_registry::{Client, Options};
use consign_release::{Artifacts, Publication, ReleaseError, Sent};
use consign_store::Store;
use consign_testkit::registry::TestRegistry;
use jiff::civil::Date;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// An image of two platforms that passed the gate, with an artifact about each platform and the index.
pub(crate) struct TestImage {
    pub(crate) verdict: Verdict,
    pub(crate) artifacts: Artifacts,
    store: Store,
    _folder: TempDir,
}

impl TestImage {
    /// Makes an image that differs from those with another name.
    pub(crate) fn new(name: &str, destinations: &[(Repository, &[&str])]) -> Self {
        Self::with(name, destinations, |candidate| candidate)
    }

    /// Makes an image of which the gate sees something else.
    pub(crate) fn with(
        name: &str,
        destinations: &[(Repository, &[&str])],
        shown: impl FnOnce(Candidate) -> Candidate,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let platforms: Vec<Platform> = ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap()).into();
        let manifests: Vec<Descriptor> = platforms.iter().map(|platform| manifest(&store, name, platform)).collect();
        let index = Exact::write(Index::new(manifests.clone())).unwrap();
        store.put(index.bytes()).unwrap();
        let candidate = Candidate {
            name: name.to_owned(),
            index: index.digest().clone(),
            planned: platforms.clone(),
            platforms: platforms
                .into_iter()
                .zip(&manifests)
                .map(|(platform, manifest)| PlatformCandidate {
                    platform,
                    digest: manifest.digest.clone(),
                    tests: None,
                    receipts: Vec::new(),
                })
                .collect(),
            destinations: destinations
                .iter()
                .map(|(repository, tags)| ReleasedDestination {
                    repository: repository.clone(),
                    tags: tags.iter().map(|tag| tag.parse::<Tag>().unwrap()).collect(),
                })
                .collect(),
        };
        let verdict = gate(&shown(candidate), &Policy::new([Requirement::Completeness]), Date::ZERO).unwrap();
        let subjects = manifests.iter().cloned().chain([index.descriptor(media_type::INDEX)]);
        let referrers = subjects.map(|subject| (subject.digest.clone(), vec![artifact(&store, &subject)])).collect();
        let artifacts = Artifacts { referrers, ..Artifacts::default() };
        Self { verdict, artifacts, store, _folder: folder }
    }

    /// Sends it: phase one.
    pub(crate) async fn send(&self) -> Result<Sent, ReleaseError> {
        let client = client();
        let (verdict, artifacts, store) = (&self.verdict, &self.artifacts, &self.store);
        Publication { verdict, artifacts, legacy: None, store, client: &client }.send().await
    }

    /// Returns the digest of the first platform's manifest.
    pub(crate) fn first_platform(&self) -> &Digest {
        &self.verdict.platforms()[0].1
    }

    /// Returns the digest of the artifact about the index.
    pub(crate) fn artifact(&self) -> &Digest {
        &self.artifacts.referrers[self.verdict.index()][0].digest
    }
}

fn manifest(store: &Store, name: &str, platform: &Platform) -> Descriptor {
    let layer = format!("the files of {name} for {platform}").into_bytes();
    let config = ImageConfig { platform: platform.clone(), ..image_config() };
    let config = Exact::write(config).unwrap();
    for bytes in [&layer[..], config.bytes()] {
        store.put(bytes).unwrap();
    }
    let layers = vec![Descriptor::of(media_type::LAYER, &layer)];
    let manifest = Exact::write(Manifest::new(config.descriptor(media_type::CONFIG), layers)).unwrap();
    store.put(manifest.bytes()).unwrap();
    Descriptor { platform: Some(platform.clone()), ..manifest.descriptor(media_type::MANIFEST) }
}

fn image_config() -> ImageConfig {
    serde_json::from_value(serde_json::json!({
        "architecture": "amd64", "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [] }
    }))
    .unwrap()
}

fn artifact(store: &Store, subject: &Descriptor) -> Descriptor {
    let claim = format!("about {}", subject.digest).into_bytes();
    store.put(&claim).unwrap();
    store.put(b"{}").unwrap();
    let mut manifest = Manifest::new(Descriptor::empty(), vec![Descriptor::of(media_type::IN_TOTO, &claim)]);
    manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
    manifest.subject = Some(subject.plain());
    let manifest = Exact::write(manifest).unwrap();
    store.put(manifest.bytes()).unwrap();
    manifest.descriptor(media_type::MANIFEST)
}

pub(crate) fn client() -> Client {
    Client::new(Options { user_agent: "test".to_owned(), ..Options::default() }).unwrap()
}

/// Returns the tags that were written, in order, as `repository:tag`.
pub(crate) fn tags_written(registry: &TestRegistry) -> Vec<String> {
    let records = registry.records();
    let puts = records.iter().filter(|record| record.method == "PUT" && record.status == 201);
    let names = puts.filter_map(|record| record.path.strip_prefix("/v2/")?.split_once("/manifests/"));
    names.filter(|(_, tag)| !tag.starts_with("sha256")).map(|(name, tag)| format!("{name}:{tag}")).collect()
}

/// Does something when a tag is written for the first time, before the registry does it.
pub(crate) fn before_put(registry: &TestRegistry, tag: &str, act: impl Fn() + Send + Sync + 'static) {
    let (path, done) = (format!("/v2/{}", tag.replacen(':', "/manifests/", 1)), AtomicBool::new(false));
    registry.hook(move |head| {
        if head.method == "PUT" && head.uri.path() == path && !done.swap(true, Ordering::Relaxed) {
            act();
        }
        None
    });
}
