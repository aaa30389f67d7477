use super::keys::{Key, Keys, Rule, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{
    Code, ConfigurationError, DebianSettings, ImageSettings, PolicySettings, RegistrySettings, SigningSettings,
    SourceFile, SyncSettings, Warning, consumers, debian, image, overlap, policy, registry, scan, signing, sync, tree,
};
use consign_receipt::Engine;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) const KEYS: Keys = Keys {
    what: "the configuration",
    known: &[
        Key::new("version", Shape::Or(&Shape::Number(1, 1), &Shape::Word(|| vec!["1"])), "The version of this format."),
        Key::new(
            "build",
            Shape::Items(&Shape::Mapping(&image::KEYS)),
            "The images, released together: if one does not pass the gate, none is published.",
        ),
        Key::new("sync", Shape::Items(&Shape::Mapping(&sync::KEYS)), "The images that `consign sync` mirrors."),
        Key::new("policy", Shape::Mapping(&policy::KEYS), "What an image must show before it is published."),
        Key::new("scan", Shape::Mapping(&scan::KEYS), "Who says what is known against the packages of images."),
        Key::new("signing", Shape::Mapping(&signing::KEYS), "How releases are signed. Without it they stay unsigned."),
        Key::new(
            "registries",
            Shape::Map(&Shape::Mapping(&registry::KEYS)),
            "What is particular about registries, by host or host:port.",
        ),
        Key::new("debian", Shape::Mapping(&debian::KEYS), "Where Debian packages come from."),
    ],
    later: &[],
    rules: &[Rule::OneAtLeast("build", "sync")],
};

/// Everything that `consign.yaml` says.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The file, for errors that only show later.
    pub file: SourceFile,
    /// The images to build, with names that differ. There is at least one, or one to mirror.
    pub images: Vec<ImageSettings>,
    /// The images to mirror.
    pub mirrors: Vec<SyncSettings>,
    /// What an image must show before it is published.
    pub policy: PolicySettings,
    /// The scanner of others that says what is known against packages; `None`: consign does, by the databases of the policy.
    pub engine: Option<Engine>,
    /// How releases are signed; `None` leaves them unsigned.
    pub signing: Option<SigningSettings>,
    /// What is particular about registries, by `host` or `host:port`.
    pub registries: BTreeMap<String, RegistrySettings>,
    /// Where Debian packages come from.
    pub debian: DebianSettings,
}

impl Configuration {
    /// Reads a configuration of at most 1 MiB. `name` is the file's path as it should stand in messages, and what other paths are
    /// relative to. Reports all problems at once, except where YAML itself is broken.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigurationError> {
        Self::parse_part(name, text, Part::All)
    }

    /// Reads what mirroring needs of a configuration, which has then no images to build: whatever else the file says, images can be mirrored.
    pub fn parse_for_sync(name: &str, text: &str) -> Result<Self, ConfigurationError> {
        Self::parse_part(name, text, Part::Sync)
    }

    fn parse_part(name: &str, text: &str, part: Part) -> Result<Self, ConfigurationError> {
        let (file, root) = tree::parse(name, text)?;
        let mut reader = Reader::new(&file);
        let read = read(&mut reader, &root, part);
        let diagnostics = reader.finish();
        match read {
            Some(read) if diagnostics.is_empty() => Ok(read.into_configuration(file)),
            _ => Err(ConfigurationError { diagnostics }),
        }
    }

    /// Returns whether anybody says what is known against the packages of images.
    pub fn is_scanned(&self) -> bool {
        self.engine.is_some() || self.policy.advisories.is_some()
    }

    /// Returns what could be better in the file.
    pub fn warnings(&self) -> Vec<Warning> {
        self.signing.iter().flat_map(|signing| consumers::warnings(signing, &self.file)).collect()
    }

    /// Returns the folder that paths in the file are relative to.
    pub fn folder(&self) -> &Path {
        self.file.folder()
    }

    /// Returns a path of the file as one that can be opened from the process's own folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.file.resolve(path)
    }
}

/// How much of a file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// What mirroring needs.
    Sync,
}

/// What was read, before the file is known to be free of problems.
struct Parts {
    images: Vec<ImageSettings>,
    mirrors: Vec<SyncSettings>,
    policy: PolicySettings,
    engine: Option<Engine>,
    signing: Option<SigningSettings>,
    registries: BTreeMap<String, RegistrySettings>,
    debian: DebianSettings,
}

impl Parts {
    fn into_configuration(self, file: SourceFile) -> Configuration {
        let Self { images, mirrors, policy, engine, signing, registries, debian } = self;
        Configuration { file, images, mirrors, policy, engine, signing, registries, debian }
    }
}

fn read(reader: &mut Reader<'_>, root: &Node, part: Part) -> Option<Parts> {
    let fields = reader.fields(root, &KEYS)?;
    if let Some(node) = fields.get("version")
        && let Some(version) = reader.text(node, "`version`")
        && version.value != "1"
    {
        let message =
            format!("version `{}` of the configuration is not supported by this version: expected `1`", version.value);
        reader.report(Code::NotSupported, version.span, message);
    }
    let images = match (fields.get("build"), fields.get("sync"), part) {
        (Some(node), _, Part::All) => images(reader, node),
        (None, None, _) => {
            reader.missing(&fields, "build", "there is nothing to build, and nothing to mirror under `sync`");
            Vec::new()
        }
        _ => Vec::new(),
    };
    overlap::check(reader, &images);
    let is_signed = fields.get("signing").is_some();
    let mirrors = fields.get("sync").map(|node| SyncSettings::read_all(reader, node, is_signed)).unwrap_or_default();
    let rest = |key: &str| fields.get(key).filter(|_| part == Part::All);
    let engine = rest("scan").and_then(|node| scan::read(reader, node));
    Some(Parts {
        images,
        mirrors,
        policy: rest("policy").map(|node| PolicySettings::read(reader, node, engine)).unwrap_or_default(),
        engine,
        signing: fields.get("signing").and_then(|node| SigningSettings::read(reader, node)),
        registries: fields.get("registries").map(|node| RegistrySettings::read_all(reader, node)).unwrap_or_default(),
        debian: rest("debian").map(|node| DebianSettings::read(reader, node)).unwrap_or_default(),
    })
}

fn images(reader: &mut Reader<'_>, node: &Node) -> Vec<ImageSettings> {
    let Some(items) = reader.list(node, "`build`") else { return Vec::new() };
    if items.is_empty() {
        reader.report(Code::MissingKey, node.span, "`build` lists no image: there is nothing to build");
    }
    items.iter().filter_map(|item| ImageSettings::read(reader, item)).collect()
}
