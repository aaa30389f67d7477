use super::image::texts_by_key;
use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{LintEngine, Spanned, lint};
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
            Shape::Some(&Shape::Text),
            "BuildKit daemons that build in consign's place: unix:///PATH, tcp://HOST:PORT, docker-container://NAME, kube-pod://POD.",
        ),
        Key::new("args", Shape::Map(&Shape::AnyText), "Build arguments: values for ARG."),
        Key::new("lint", Shape::Mapping(&lint::KEYS), "How what could be better in the Dockerfile is found."),
    ],
    later: &["secrets", "ssh", "network", "labels", "cacheFrom", "cacheTo"],
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
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// Further contexts by name: folders or images, as written.
    pub contexts: BTreeMap<String, String>,
    /// Addresses of BuildKit daemons that build in consign's place, as written.
    pub builders: Vec<Spanned<String>>,
    /// Who says what could be better in the Dockerfile.
    pub lint: LintEngine,
}

impl DockerSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let (context, file, target) = (text("context"), text("file"), text("target"));
        let arguments = fields.get("args").map(|node| texts_by_key(reader, node, "`args`")).unwrap_or_default();
        let contexts = fields.get("contexts").map(|node| texts_by_key(reader, node, "`contexts`")).unwrap_or_default();
        let builders = fields.get("builders").and_then(|node| reader.list(node, "`builders`"));
        let builders = builders.unwrap_or_default().iter().filter_map(|node| reader.text(node, "a builder")).collect();
        let lint = fields.get("lint").map(|node| LintEngine::read(reader, node)).unwrap_or_default();
        Self { context, file, target: target.map(|target| target.value), arguments, contexts, builders, lint }
    }
}
