use super::destination::report_reserved;
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader};
use super::tree::{Node, Value};
use super::{Code, Destination, DockerSettings, Spanned, TrialSettings, docker, nearest, trial};
use consign_oci::{ARCHITECTURES, Platform, Tag};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const KEYS: Keys = Keys {
    what: "an image",
    known: &[
        Key::new("name", Shape::Text, "Its name. Default: the last part of the first destination's path."),
        Key::required("source", Shape::Text, "The image file, relative to this file's folder."),
        Key::new(
            "destination",
            Shape::Some(&Shape::Text),
            "The repositories that it goes to; one with a tag gets exactly that tag.",
        ),
        Key::new("destinations", Shape::Some(&Shape::Text), "The same as `destination`."),
        Key::new(
            "platforms",
            PLATFORMS,
            "The platforms to build for. Default: those of the image file, else this machine's.",
        ),
        Key::new(
            "tags",
            Shape::Or(&Shape::Word(|| vec!["git"]), &Shape::Items(&Shape::Text)),
            "Which tags it gets at destinations without one. Default: `git`, those that follow from git's tags.",
        ),
        Key::new(
            "tests",
            Shape::List(&Shape::Mapping(&trial::KEYS)),
            "What is tried on each platform before it is published.",
        ),
        Key::new("annotations", Shape::Map(&Shape::AnyText), "Annotations of the index."),
        Key::new(
            "embed-attestations",
            Shape::Flag,
            "Whether provenance and SBOM of each platform also lie in the index itself, as BuildKit puts them there: `docker buildx imagetools inspect` \
             shows them. Default: false.",
        ),
        Key::new("dockerOptions", Shape::Mapping(&docker::KEYS), "How a Dockerfile is built."),
    ],
    later: &["melangeConfigs", "sbom", "always"],
    rules: &[Rule::Either("destination", "destinations")],
};
/// The form of a list of platforms.
pub(super) const PLATFORMS: Shape = Shape::Some(&Shape::Form("^[^/]+/[^/]+(/[^/]+)?$"));

/// One entry of `build:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSettings {
    /// Its name: what was written, else the last part of the first destination's path.
    pub name: Spanned<String>,
    /// Path of the file that describes it, as written: relative to the configuration's folder.
    pub source: Spanned<String>,
    /// Where it goes; at least one.
    pub destinations: Vec<Destination>,
    /// The platforms to build for. Empty: those that the source file names, else the host's.
    pub platforms: Vec<Spanned<Platform>>,
    /// Which tags it gets at destinations without one.
    pub tags: TagRules,
    /// What is tried before it is published.
    pub tests: Vec<TrialSettings>,
    /// Annotations of its index, by key.
    pub annotations: BTreeMap<String, String>,
    /// Whether provenance and SBOMs lie in its index, too.
    pub embeds_attestations: bool,
    /// How a Dockerfile is built.
    pub docker: DockerSettings,
}

/// Which tags an image gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagRules {
    /// Those that follow from git: see [`crate::tags()`].
    Git,
    /// Exactly these; at least one.
    List(Vec<Spanned<Tag>>),
}

impl ImageSettings {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let source = match fields.get("source") {
            Some(node) => source(reader, node),
            None => {
                reader.missing(&fields, "source", "the file that describes the image");
                None
            }
        };
        let destinations = destinations(reader, &fields);
        let name = match fields.get("name") {
            Some(node) => name(reader, node),
            None => destinations.first().map(|first| Spanned::new(first.repository.name().to_owned(), first.span)),
        };
        let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
        let tags = fields.get("tags").map_or(Some(TagRules::Git), |node| tags(reader, node));
        let tests = fields.get("tests").map(|node| TrialSettings::read_all(reader, node)).unwrap_or_default();
        let annotations =
            fields.get("annotations").map(|node| texts_by_key(reader, node, "`annotations`")).unwrap_or_default();
        let docker = fields.get("dockerOptions").map(|node| DockerSettings::read(reader, node)).unwrap_or_default();
        let embeds_attestations = match fields.get("embed-attestations") {
            Some(node) => reader.boolean(node, "`embed-attestations`")?,
            None => false,
        };
        let (name, source, tags) = (name?, source?, tags?);
        Some(Self { name, source, destinations, platforms, tags, tests, annotations, embeds_attestations, docker })
    }
}

fn name(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let name = reader.text(node, "`name`")?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let valid = name.len() <= 128
        && name.bytes().next().is_some_and(word)
        && name.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'));
    if !valid {
        let message = "the name of an image is at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`";
        reader.report(Code::Value, node.span, message);
        return None;
    }
    Some(name)
}

fn source(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let source = reader.text(node, "`source`")?;
    if source.contains("://") {
        let hint = "check it out first, and name the file there";
        reader.report_hint(Code::Value, node.span, "`source` must be the path of a file, not a URL", hint);
        return None;
    }
    Some(source)
}

/// Reads `destination` or `destinations`.
pub(super) fn destinations(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Destination> {
    destination_nodes(reader, fields).iter().filter_map(|item| Destination::read(reader, item)).collect()
}

/// Returns what stands under `destination` or `destinations`.
pub(super) fn destination_nodes<'n>(reader: &mut Reader<'_>, fields: &Fields<'n>) -> &'n [Node] {
    let (node, key) = match (fields.entry("destination"), fields.entry("destinations")) {
        (Some((key, _)), Some(_)) => {
            reader.report(
                Code::DuplicateKey,
                key.span,
                "`destination` and `destinations` mean the same: use one of them",
            );
            return &[];
        }
        (Some((key, node)), None) | (None, Some((key, node))) => (node, key),
        (None, None) => {
            reader.missing(fields, "destination", "the repository that the image goes to");
            return &[];
        }
    };
    let items = reader.list(node, &format!("`{}`", key.value)).unwrap_or_default();
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report(Code::MissingKey, key.span, format!("`{}` lists no repository", key.value));
    }
    items
}

/// Reads a list of platforms, each at most once.
pub(super) fn platforms(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<Platform>> {
    let mut found: Vec<Spanned<Platform>> = Vec::new();
    let items = reader.list(node, "`platforms`").unwrap_or_default();
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        reader.report_hint(Code::Platform, node.span, "`platforms` lists no platform", "leave it out for the default");
    }
    for item in items {
        let Some(platform) = reader.parsed::<Platform>(item, "a platform", Code::Platform) else { continue };
        if found.iter().any(|other| other.value == platform.value) {
            reader.report(Code::Platform, item.span, format!("the platform `{}` stands twice", platform.value));
            continue;
        }
        if !platform.value.is_known() {
            let message = format!("no images are made for the architecture of `{}`", platform.value);
            let hint = match nearest(platform.value.architecture(), ARCHITECTURES) {
                Some(architecture) => format!("did you mean `{}/{architecture}`?", platform.value.os()),
                None => format!("architectures are {}", ARCHITECTURES.join(", ")),
            };
            reader.report_hint(Code::Platform, item.span, message, hint);
            continue;
        }
        found.push(platform);
    }
    found
}

fn tags(reader: &mut Reader<'_>, node: &Node) -> Option<TagRules> {
    if let Value::Scalar { text, .. } = &node.value {
        if text == "git" {
            return Some(TagRules::Git);
        }
        let hint = match text.parse::<Tag>() {
            Ok(tag) => format!("write `tags: [{tag}]` for exactly that tag"),
            Err(_) => "leave it out for tags from git".to_owned(),
        };
        reader.report_hint(Code::Value, node.span, "`tags` must be `git` or a list of tags", hint);
        return None;
    }
    let (mut found, mut known) = (Vec::new(), BTreeSet::new());
    let items = reader.list(node, "`tags`")?;
    if items.is_empty() {
        reader.report_hint(Code::Value, node.span, "`tags` lists no tag", "leave it out for tags from git");
        return None;
    }
    for item in items {
        let Some(tag) = reader.parsed::<Tag>(item, "a tag", Code::Tag) else { continue };
        if tag.is_about_a_digest() {
            report_reserved(reader, &tag, item.span);
        } else if !known.insert(tag.value.clone()) {
            reader.report(Code::Tag, item.span, format!("the tag `{}` stands twice", tag.value));
        } else {
            found.push(tag);
        }
    }
    Some(TagRules::List(found))
}

/// Reads a mapping of texts with keys that are not empty and have no `=` or control character.
pub(super) fn texts_by_key(reader: &mut Reader<'_>, node: &Node, what: &str) -> BTreeMap<String, String> {
    let texts = spanned_texts_by_key(reader, node, what);
    texts.into_iter().map(|(key, text)| (key, text.value)).collect()
}

/// Does the same, with the places of the texts.
pub(super) fn spanned_texts_by_key(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
) -> BTreeMap<String, Spanned<String>> {
    let mut found = BTreeMap::new();
    for (key, value) in reader.mapping(node, what).unwrap_or_default() {
        if key.is_empty() || key.contains('=') || key.chars().any(char::is_control) {
            reader.report(Code::Value, key.span, format!("a key of {what} must not be empty or contain `=`"));
        }
        if let Some(text) = reader.any_text(value, &format!("each value of {what}")) {
            found.insert(key.value.clone(), text);
        }
    }
    found
}
