use super::image::{spanned_texts_by_key, texts_by_key};
use super::keys::{Key, Keys, Shape};
use super::reader::{Fields, Reader};
use super::tree::{Node, Value};
use super::{
    BuilderKind, BuilderSettings, CacheSettings, Code, LintEngine, SecretSource, Spanned, builder, cache, lint, secret,
};
use std::collections::BTreeMap;

pub(super) const KEYS: Keys = Keys {
    what: "`dockerOptions`",
    known: &[
        Key::new(
            "context",
            Shape::Text,
            "The folder that COPY takes files from, relative to this file's folder. Default: the Dockerfile's.",
        ),
        Key::new("file", Shape::Text, "The Dockerfile, relative to this file's folder. Default: `source`."),
        Key::new("target", Shape::Text, "The stage to build. Default: the last."),
        Key::new(
            "contexts",
            Shape::Map(&Shape::Text),
            "Further folders, relative to this file's, or images (`docker-image://REF`), by the names that the Dockerfile has for them.",
        ),
        Key::new(
            "builders",
            Shape::Some(&Shape::Or(&Shape::Text, &Shape::Mapping(&builder::KEYS))),
            "BuildKit daemons that build in consign's place: unix:///PATH, tcp://HOST:PORT, docker-container://NAME, kube-pod://POD.",
        ),
        Key::new(
            "builder",
            Shape::Word(|| BuilderKind::ALL.map(BuilderKind::word).to_vec()),
            "Who builds in consign's place: the program `docker` or `buildah`, or `buildkit`, the daemons of `builders` or of the variable BUILDKIT_HOST.",
        ),
        Key::new(
            "args",
            Shape::Map(&Shape::AnyText),
            "Build arguments: values for ARG. `{version}`, `{commit}`, `{short-commit}` and `{created}` are filled in.",
        ),
        Key::new(
            "labels",
            Shape::Map(&Shape::AnyText),
            "Labels of the image, over those of the Dockerfile, with the same words filled in.",
        ),
        Key::new(
            "secrets",
            Shape::Some(&Shape::Or(&Shape::Text, &Shape::Mapping(&secret::KEYS))),
            "What commands get that ask for a secret, in no layer: `id` with `src`, a file, or `env`, a variable; or as `--secret` takes it.",
        ),
        Key::new(
            "ssh",
            Shape::Some(&Shape::Text),
            "SSH agents for commands that ask for one, as `--ssh` takes them: NAME, for that of SSH_AUTH_SOCK, or NAME=SOCKET.",
        ),
        Key::new(
            "network",
            Shape::Word(|| NetworkSetting::ALL.map(NetworkSetting::word).to_vec()),
            "What commands reach that say nothing of it: `none`, `host`, or `default`, which for consign itself is nothing.",
        ),
        Key::new("cache", Shape::Mapping(&cache::KEYS), "What is kept of earlier builds, and where."),
        Key::new("lint", Shape::Mapping(&lint::KEYS), "How what could be better in the Dockerfile is found."),
    ],
    later: &["cacheFrom", "cacheTo"],
    rules: &[],
};

/// How a Dockerfile is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerSettings {
    /// The folder that files are taken from, as written.
    pub context: Option<Spanned<String>>,
    /// The Dockerfile, as written.
    pub file: Option<Spanned<String>>,
    /// The stage to build.
    pub target: Option<String>,
    /// Build arguments, with words in braces that are not filled in yet.
    pub arguments: BTreeMap<String, Spanned<String>>,
    /// Labels beside those of the Dockerfile, likewise.
    pub labels: BTreeMap<String, Spanned<String>>,
    /// Secrets for commands.
    pub secrets: Vec<Spanned<SecretSource>>,
    /// SSH agents for commands, as written: a name, with or without a socket.
    pub agents: Vec<Spanned<String>>,
    /// What commands reach that say nothing of it.
    pub network: NetworkSetting,
    /// Further contexts by name: folders or images, as written.
    pub contexts: BTreeMap<String, String>,
    /// Who builds in consign's place.
    pub builder: Option<Spanned<BuilderKind>>,
    /// BuildKit daemons that build in consign's place.
    pub builders: Vec<BuilderSettings>,
    /// What is kept of earlier builds, and where.
    pub cache: CacheSettings,
    /// Who says what could be better in the Dockerfile.
    pub lint: LintEngine,
}

/// What commands of a Dockerfile reach that say nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkSetting {
    /// What the builder lets them reach; nothing, if that is consign.
    #[default]
    Default,
    /// All that the machine reaches.
    Host,
    /// Nothing but themselves.
    None,
}

impl NetworkSetting {
    const ALL: [Self; 3] = [Self::Default, Self::Host, Self::None];

    fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Host => "host",
            Self::None => "none",
        }
    }
}

impl DockerSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let (context, file, target) = (text("context"), text("file"), text("target"));
        let mut texts = |key: &str| {
            let node = fields.get(key);
            node.map(|node| spanned_texts_by_key(reader, node, &format!("`{key}`"))).unwrap_or_default()
        };
        let (arguments, labels) = (texts("args"), texts("labels"));
        let contexts = fields.get("contexts").map(|node| texts_by_key(reader, node, "`contexts`")).unwrap_or_default();
        let (builder, builders) = builders(reader, &fields);
        let secrets = fields.get("secrets").map(|node| SecretSource::read_all(reader, node)).unwrap_or_default();
        let agents = fields.get("ssh").map(|node| reader.texts(node, "`ssh`")).unwrap_or_default();
        let network = reader.word(&fields, "network", NetworkSetting::ALL, NetworkSetting::word).unwrap_or_default();
        let cache = fields.get("cache").map(|node| CacheSettings::read(reader, node)).unwrap_or_default();
        let lint = fields.get("lint").map(|node| LintEngine::read(reader, node)).unwrap_or_default();
        let target = target.map(|target| target.value);
        Self {
            context,
            file,
            target,
            arguments,
            labels,
            secrets,
            agents,
            network,
            contexts,
            builder,
            builders,
            cache,
            lint,
        }
    }
}

/// Reads who builds in consign's place.
fn builders(reader: &mut Reader<'_>, fields: &Fields<'_>) -> (Option<Spanned<BuilderKind>>, Vec<BuilderSettings>) {
    let kind = reader.word(fields, "builder", BuilderKind::ALL, BuilderKind::word);
    let items = match fields.get("builders") {
        Some(node) if matches!(node.value, Value::Mapping(_)) => std::slice::from_ref(node),
        Some(node) => reader.list(node, "`builders`").unwrap_or_default(),
        None => &[],
    };
    let builders = items.iter().filter_map(|node| BuilderSettings::read(reader, node)).collect();
    let Some((kind, (key, _))) = kind.zip(fields.entry("builder")) else { return (None, builders) };
    if let (BuilderKind::Docker | BuilderKind::Buildah, Some((other, _))) = (kind, fields.entry("builders")) {
        let message = format!("`builders` are BuildKit daemons, and `builder: {}` is none", kind.word());
        reader.report_hint(Code::Value, other.span, message, "leave one of the two out");
    }
    (Some(Spanned::new(kind, key.span)), builders)
}
