//! What is mirrored where to.

use super::destination::Destination;
use super::image::destination_nodes;
use super::keys::{Key, Keys, Shape};
use super::reader::{Fields, Reader, clip, not_empty};
use super::selection::patterns;
use super::tree::{Node, Value, has_user_information};
use super::{Code, Spanned};
use consign_oci::{Reference, RegistryPath, RegistryPathError, Repository};
use regex::Regex;
use std::fmt;

pub(super) const REPOSITORIES: Shape = Shape::Mapping(&KEYS);
const KEYS: Keys = Keys {
    what: "`repositories`",
    known: &[
        Key::new(
            "match",
            Shape::Some(&Shape::Text),
            "Only repositories that one of these fits (regular expressions for all of what `**` stands for).",
        ),
        Key::new(
            "exclude",
            Shape::Some(&Shape::Text),
            "No repository that one of these fits (regular expressions for all of what `**` stands for).",
        ),
    ],
    later: &[],
    rules: &[],
};
/// What the name of everything below a path ends with.
const ALL: &str = "/**";

/// What is mirrored where to.
#[derive(Clone, Debug)]
pub enum Route {
    /// One image, or tags of one repository.
    Repository {
        /// What is mirrored.
        source: Spanned<Reference>,
        /// Where it goes; at least one. Those of a repository have no tags.
        destinations: Vec<Destination>,
    },
    /// Every repository below a path. Each keeps the rest of its path.
    Namespace {
        /// Below what.
        source: Spanned<RegistryPath>,
        /// Below what they go; at least one.
        destinations: Vec<Spanned<RegistryPath>>,
        /// Which of them.
        repositories: RepositorySettings,
    },
}

/// Which repositories of several are mirrored.
#[derive(Clone, Debug, Default)]
pub struct RepositorySettings {
    /// One of these fits what lies below the path; empty for any.
    pub matching: Vec<Regex>,
    /// None of these fits.
    pub excluded: Vec<Regex>,
}

impl RepositorySettings {
    /// Returns whether a repository is mirrored whose path goes on so.
    pub fn holds(&self, rest: &str) -> bool {
        let fits = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(rest));
        (self.matching.is_empty() || fits(&self.matching)) && !fits(&self.excluded)
    }
}

impl Route {
    pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Self> {
        let Some(node) = fields.get("source") else {
            reader.missing(fields, "source", "the image to mirror");
            destination_nodes(reader, fields);
            return None;
        };
        let nodes = destination_nodes(reader, fields);
        if !is_namespace(node) {
            if let Some((key, _)) = fields.entry("repositories") {
                let message = "`repositories` chooses from several, and the source is one";
                reader.report_hint(
                    Code::Value,
                    key.span,
                    message,
                    "a source such as `ghcr.io/team/**` is all below a path",
                );
            }
            let source = source(reader, node);
            let destinations = nodes.iter().filter_map(|node| destination(reader, node)).collect();
            return Some(Self::Repository { source: source?, destinations });
        }
        let source = namespace(reader, node, "a source");
        let destinations: Vec<_> = nodes.iter().filter_map(|node| namespace(reader, node, "a destination")).collect();
        let repositories = fields.get("repositories").map(|node| repositories(reader, node)).unwrap_or_default();
        let source = source?;
        for destination in destinations.iter().filter(|destination| source.value.contains(&destination.value)) {
            let message = "what is mirrored there would be mirrored again, ever deeper";
            reader.report_hint(Code::Overlap, destination.span, message, "choose a path that is not below the source");
        }
        Some(Self::Namespace { source, destinations, repositories })
    }

    /// Returns whether something of it may go to a repository.
    pub fn goes_to(&self, repository: &Repository) -> bool {
        match self {
            Self::Repository { destinations, .. } => destinations.iter().any(|to| to.repository == *repository),
            Self::Namespace { destinations, .. } => destinations.iter().any(|to| to.value.holds(repository)),
        }
    }

    /// Returns a repository of each place that is spoken to. It may not be there.
    pub fn repositories(&self) -> Vec<Repository> {
        match self {
            Self::Repository { source, destinations } => {
                let destinations = destinations.iter().map(|destination| destination.repository.clone());
                [source.value.repository.clone()].into_iter().chain(destinations).collect()
            }
            Self::Namespace { source, destinations, .. } => {
                [source].into_iter().chain(destinations).map(|path| path.value.some_repository()).collect()
            }
        }
    }
}

impl fmt::Display for Route {
    /// Writes the source.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository { source, .. } => source.value.fmt(formatter),
            Self::Namespace { source, .. } => write!(formatter, "{}{ALL}", source.value),
        }
    }
}

fn is_namespace(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, .. } if text.ends_with(ALL))
}

/// Reads the name of everything below a path.
fn namespace(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Spanned<RegistryPath>> {
    if is_secret(reader, node, what) {
        return None;
    }
    let text = reader.text(node, what)?;
    let Some(name) = text.strip_suffix(ALL) else {
        let message = format!("several repositories cannot become `{}`", clip(&text));
        reader.report_hint(Code::Value, node.span, message, "each keeps the rest of its path: end it with `/**`");
        return None;
    };
    match name.parse() {
        Ok(path) if !name.contains("://") => Some(Spanned::new(path, node.span)),
        Ok(_) => {
            reader.report(Code::Reference, node.span, format!("`{}` is an address and no name", clip(&text)));
            None
        }
        Err(error) => {
            let error: RegistryPathError = error;
            reader.report(Code::Reference, node.span, error.to_string());
            None
        }
    }
}

fn repositories(reader: &mut Reader<'_>, node: &Node) -> RepositorySettings {
    let Some(fields) = reader.fields(node, &KEYS) else { return RepositorySettings::default() };
    let mut of = |key: &str| fields.get(key).map(|node| patterns(reader, node, key)).unwrap_or_default();
    let (matching, excluded) = (of("match"), of("exclude"));
    fields.get("match").into_iter().for_each(|node| not_empty(reader, node, "repository"));
    RepositorySettings { matching, excluded }
}

fn source(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<Reference>> {
    if is_secret(reader, node, "a source") {
        return None;
    }
    reader.parsed(node, "`source`", Code::Reference)
}

fn destination(reader: &mut Reader<'_>, node: &Node) -> Option<Destination> {
    if is_namespace(node) {
        let hint = "leave `/**` out, or write it at the source too";
        reader.report_hint(Code::Value, node.span, "the source is one repository, and this means several", hint);
        return None;
    }
    Destination::read(reader, node)
}

fn is_secret(reader: &mut Reader<'_>, node: &Node, what: &str) -> bool {
    let is_secret = matches!(&node.value, Value::Scalar { text, .. } if has_user_information(text));
    if is_secret {
        let hint = "give them under `registries:` by the names of environment variables, or by `docker login`";
        reader.report_hint(Code::Secret, node.span, format!("{what} must not hold a user name or password"), hint);
    }
    is_secret
}
