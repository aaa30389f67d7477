//! A small signed image in an OCI layout, and every way to spoil it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part of this, and fails by panicking")]

use consign_image::{Layout, Place};
use consign_oci::{
    Descriptor, Digest, Exact, ImageConfig, Index, Manifest, Platform, Repository, RootFilesystem, RuntimeConfig, Tag,
    annotation, media_type,
};
use consign_receipt::predicate::{self, ReleaseRecord, ReleasedDestination, ReleasedPlatform};
use consign_receipt::{Policy, Requirement, Statement};
use consign_sign::{
    Annotations, Artifact, BUNDLE, LegacyKind, LegacyLayer, LegacyManifest, Payload, PrivateKey, artifact, extended,
    sign, signature_layer, signature_statement,
};
use consign_trust::Authority;
use consign_verify::{Expectation, Verified, VerifyError, verify};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

pub(crate) const CREATED: &str = "2026-01-02T03:04:05Z";

pub(crate) static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());
pub(crate) static OTHER_KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());

pub(crate) fn repository() -> Repository {
    "registry.example/team/app".parse().unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn platforms() -> [Platform; 2] {
    ["linux/amd64", "linux/arm64"].map(|platform| platform.parse().unwrap())
}

/// An image that is being released. Change it, then [`Draft::release`] it.
pub(crate) struct Draft {
    pub(crate) version: &'static str,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) time: &'static str,
    pub(crate) configs: Vec<ImageConfig>,
    pub(crate) layers: Vec<Vec<u8>>,
}

/// What was released: the documents in it and the artifacts about it, by whose and which predicate.
pub(crate) struct Release {
    pub(crate) index: Descriptor,
    pub(crate) manifests: Vec<Descriptor>,
    pub(crate) configs: Vec<Descriptor>,
    pub(crate) layers: Vec<Descriptor>,
    pub(crate) record: ReleaseRecord,
}

impl Draft {
    pub(crate) fn new(version: &'static str, tags: &[&'static str]) -> Self {
        let contents = [format!("content of {version}"), format!("other content of {version}")];
        let configs = platforms().into_iter().zip(&contents).map(|(platform, content)| ImageConfig {
            author: None,
            created: Some(CREATED.to_owned()),
            platform,
            config: RuntimeConfig::default(),
            rootfs: RootFilesystem::new(vec![Digest::of(content.as_bytes())]),
            history: Vec::new(),
        });
        Self {
            version,
            tags: tags.to_vec(),
            time: CREATED,
            configs: configs.collect(),
            layers: vec![gzip(&contents[0]), zstd::encode_all(contents[1].as_bytes(), 1).unwrap()],
        }
    }

    /// Puts the image into the layout, under its tags and without any claim about it.
    pub(crate) fn put(&self, layout: &mut Folder) -> Release {
        let mut release = Release {
            index: Descriptor::empty(),
            manifests: Vec::new(),
            configs: Vec::new(),
            layers: Vec::new(),
            record: ReleaseRecord {
                image: "app".to_owned(),
                version: self.version.to_owned(),
                time: self.time.to_owned(),
                index: Digest::of(b""),
                platforms: Vec::new(),
                destinations: vec![ReleasedDestination {
                    repository: repository(),
                    tags: self.tags.iter().map(|text| tag(text)).collect(),
                }],
                plan: Digest::of(b"plan"),
                policy: Policy::default().digest(),
                requirements: Policy::default().requirements().collect(),
                advisories: None,
                image_rules: None,
            },
        };
        let types = [media_type::LAYER_GZIP, media_type::LAYER_ZSTD];
        for (((config, layer), media_type), platform) in
            self.configs.iter().zip(&self.layers).zip(types).zip(platforms())
        {
            let config = layout.put(media_type::CONFIG, &serde_json::to_vec(config).unwrap());
            let layer = layout.put(media_type, layer);
            let manifest = Manifest::new(config.clone(), vec![layer.clone()]);
            let mut manifest = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap());
            let digest = manifest.digest.clone();
            release.record.platforms.push(ReleasedPlatform { platform: platform.clone(), digest, tests: None });
            manifest.platform = Some(platform);
            release.configs.push(config);
            release.layers.push(layer);
            release.manifests.push(manifest);
        }
        let index = Index::new(release.manifests.clone());
        release.index = layout.put(media_type::INDEX, &serde_json::to_vec(&index).unwrap());
        release.record.index = release.index.digest.clone();
        for tag in &self.tags {
            layout.tags.insert(tag, release.index.clone());
        }
        release
    }

    /// Puts the image into the layout with everything that a release signs.
    pub(crate) fn release(&self, layout: &mut Folder) -> Release {
        let release = self.put(layout);
        for subject in release.manifests.iter().chain([&release.index]) {
            layout.claim(subject, &signature(&subject.digest));
        }
        for manifest in &release.manifests {
            for (predicate_type, claim) in claims() {
                layout.claim(manifest, &statement(&manifest.digest, predicate_type, claim));
            }
        }
        layout.claim(&release.index, &record_statement(&release.index.digest, &release.record));
        release
    }
}

pub(crate) fn claims() -> [(&'static str, Value); 3] {
    let provenance = json!({
        "buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}, "resolvedDependencies": []},
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    let trial = json!({"result": "PASSED", "configuration": [], "passedTests": ["starts"]});
    [
        (predicate::PROVENANCE, provenance),
        (predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"})),
        (predicate::TEST_RESULT, trial),
    ]
}

/// The signature of a release.
pub(crate) fn signature(subject: &Digest) -> Exact<Statement> {
    let annotations = BTreeMap::from([(predicate::RELEASE.to_owned(), "1.2.3".to_owned())]);
    signature_statement(subject, &annotations).unwrap()
}

pub(crate) fn statement(subject: &Digest, predicate_type: &str, claim: Value) -> Exact<Statement> {
    Exact::write(Statement::new(subject, predicate_type, claim)).unwrap()
}

pub(crate) fn record_statement(subject: &Digest, record: &ReleaseRecord) -> Exact<Statement> {
    statement(subject, predicate::RELEASE_RECORD, serde_json::to_value(record).unwrap())
}

/// Whose signatures count.
pub(crate) static AUTHORITIES: LazyLock<[Authority; 1]> = LazyLock::new(|| [Authority::Key(KEY.public().clone())]);

pub(crate) fn expectation(policy: Option<&Policy>, content: bool) -> Expectation<'_> {
    Expectation { policy, content, ..Expectation::new(&*AUTHORITIES, Date::ZERO) }
}

/// Two members, as consign's own layers have them.
fn gzip(content: &str) -> Vec<u8> {
    let (one, other) = content.as_bytes().split_at(content.len() / 2);
    let member = |part: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    };
    [member(one), member(other)].concat()
}

/// An OCI layout in a folder of its own.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    pub(crate) tags: BTreeMap<&'static str, Descriptor>,
    /// Manifests of the older form, by their tags.
    pub(crate) legacy: BTreeMap<String, Descriptor>,
    /// Artifacts, with what they are about and which predicate they hold.
    pub(crate) artifacts: Vec<(Digest, String, Descriptor)>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { folder, tags: BTreeMap::new(), legacy: BTreeMap::new(), artifacts: Vec::new() }
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.path().join("blobs/sha256").join(digest.hex())
    }

    pub(crate) fn put(&self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(media_type, bytes);
        fs::write(self.path(&descriptor.digest), bytes).unwrap();
        descriptor
    }

    pub(crate) fn claim(&mut self, subject: &Descriptor, statement: &Exact<Statement>) {
        self.claim_by(&KEY, subject, statement);
    }

    pub(crate) fn claim_by(&mut self, key: &PrivateKey, subject: &Descriptor, statement: &Exact<Statement>) {
        self.attach(subject, &statement.predicate_type, &sign(statement, key).unwrap());
    }

    pub(crate) fn attach(&mut self, subject: &Descriptor, predicate_type: &str, bundle: &[u8]) {
        self.attach_at(CREATED, subject, predicate_type, bundle);
    }

    pub(crate) fn attach_at(&mut self, created: &str, subject: &Descriptor, predicate_type: &str, bundle: &[u8]) {
        let Artifact { manifest, blobs } = artifact(subject, bundle, predicate_type, created).unwrap();
        for (descriptor, bytes) in &blobs {
            self.put(&descriptor.media_type, bytes);
        }
        self.put(media_type::MANIFEST, manifest.bytes());
        let mut descriptor = manifest.descriptor(media_type::MANIFEST);
        // As a registry lists it.
        descriptor.artifact_type = manifest.artifact_type.clone();
        descriptor.annotations = manifest.annotations.clone();
        self.artifacts.push((subject.digest.clone(), predicate_type.to_owned(), descriptor));
    }

    /// Attaches an artifact whose bundle is not there, and has as many bytes as is said.
    pub(crate) fn attach_absent(&mut self, subject: &Descriptor, number: usize, size: u64) {
        let bundle = Descriptor::new(BUNDLE, Digest::of(number.to_string().as_bytes()), size);
        let mut manifest = Manifest::new(Descriptor::empty(), vec![bundle]);
        manifest.artifact_type = Some(BUNDLE.to_owned());
        manifest.subject = Some(subject.plain());
        let descriptor = self.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap());
        self.artifacts.push((subject.digest.clone(), "absent".to_owned(), descriptor));
    }

    /// Puts layers under the tag of the older form that is about an image.
    pub(crate) fn put_legacy(&mut self, about: &Digest, kind: LegacyKind, layers: &[LegacyLayer]) {
        let LegacyManifest { manifest, config } = extended(None, layers).unwrap().unwrap();
        self.put(media_type::CONFIG, &config);
        layers.iter().for_each(|layer| _ = self.put(&layer.descriptor.media_type, &layer.bytes));
        let descriptor = self.put(media_type::MANIFEST, manifest.bytes());
        self.legacy.insert(kind.tag(about).unwrap().to_string(), descriptor);
    }

    /// Signs an image in the older form, of which alone it then has one.
    pub(crate) fn sign_legacy(&mut self, key: &PrivateKey, about: &Digest, annotations: &Annotations) {
        let payload = Payload::new("registry.example/team/app", about, annotations);
        self.put_legacy(about, LegacyKind::Signatures, &[signature_layer(&payload, key).unwrap()]);
    }

    /// Opens the layout at a tag. Its list of contents is written first; files that change later are seen as they are then.
    pub(crate) fn open(&self, tag: &str) -> Place {
        let tagged = self.tags.iter().map(|(tag, image)| (*tag, image));
        let tagged = tagged.chain(self.legacy.iter().map(|(tag, manifest)| (tag.as_str(), manifest)));
        let images = tagged.map(|(tag, image)| {
            let mut image = image.clone();
            image.annotations.insert(annotation::REF_NAME.to_owned(), tag.to_owned());
            image
        });
        let index = Index::new(images.chain(self.artifacts.iter().map(|(_, _, artifact)| artifact.clone())).collect());
        fs::write(self.folder.path().join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
        Place::Layout { layout: Layout::folder(self.folder.path()).unwrap(), tag: Some(tag.parse().unwrap()) }
    }

    /// Every file.
    pub(crate) fn blobs(&self) -> Vec<Digest> {
        let names = fs::read_dir(self.folder.path().join("blobs/sha256")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut digests: Vec<Digest> = names.map(|name| Digest::from_sha256_hex(&name).unwrap()).collect();
        digests.sort();
        digests
    }
}

/// Asks for everything that a policy can ask for.
pub(crate) fn policy() -> Policy {
    Policy::default().requiring([Requirement::Trials])
}

pub(crate) async fn check(place: &Place, requested: &str, content: bool) -> Result<Verified, VerifyError> {
    let policy = policy();
    let expectation = expectation(Some(&policy), content);
    sendable(verify(place, Some((&repository(), &tag(requested))), expectation)).await
}

/// Asks of an image for nothing but that it is signed.
pub(crate) async fn check_plain(layout: &Folder) -> Result<Verified, VerifyError> {
    let expectation = Expectation::new(&*AUTHORITIES, Date::ZERO);
    verify(&layout.open("latest"), Some((&repository(), &tag("latest"))), expectation).await
}

/// Refuses to compile where a future cannot move between threads, as a server's must.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}
