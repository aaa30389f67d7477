use crate::{Digest, DigestError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The registry that is meant where none is named.
pub(crate) const DEFAULT_REGISTRY: &str = "docker.io";
/// Longest path of a repository (distribution's limit on `host/path`).
pub(crate) const PATH_LIMIT: usize = 255;

/// A repository on a registry, such as `ghcr.io/team/app`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// Makes a repository of parts that were found to be valid.
    pub(crate) fn of_valid(registry: &str, path: &str) -> Self {
        Self { registry: registry.to_owned(), path: path.to_owned() }
    }

    /// Returns the registry's host and port as written, such as `localhost:5000` or `docker.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the path on the registry, such as `library/debian`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns whether the registry is on this machine's loopback interface.
    pub fn is_loopback(&self) -> bool {
        let host = match self.registry.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.registry.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }

    /// Returns the reference to a tag of this repository.
    pub fn tagged(&self, tag: Tag) -> Reference {
        Reference { repository: self.clone(), tag: Some(tag), digest: None }
    }

    /// Returns the reference to a digest in this repository.
    pub fn at(&self, digest: Digest) -> Reference {
        Reference { repository: self.clone(), tag: None, digest: Some(digest) }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let error = |reason: &'static str| ReferenceError::Repository { text: clip(text), reason };
        // As docker does: the first part is a registry if it looks like a host, else the registry is Docker Hub.
        let (registry, path) = match text.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':', '[']) || first == "localhost" => {
                (first.to_owned(), rest.to_owned())
            }
            Some(_) => (DEFAULT_REGISTRY.to_owned(), text.to_owned()),
            None => (DEFAULT_REGISTRY.to_owned(), format!("library/{text}")),
        };
        let registry = match registry.as_str() {
            "index.docker.io" | "registry-1.docker.io" => DEFAULT_REGISTRY.to_owned(),
            _ => registry,
        };
        let path = if registry == DEFAULT_REGISTRY && !path.contains('/') { format!("library/{path}") } else { path };
        if !valid_registry(&registry) {
            return Err(error("the registry must be a host name or address, with an optional port"));
        }
        if path.len() > PATH_LIMIT {
            return Err(error("the path is longer than 255 characters"));
        }
        if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(error("the path must be lower-case"));
        }
        if !path.split('/').all(valid_component) {
            return Err(error(
                "each part of the path is lower-case letters and digits, separated by `.`, `_`, `__` or `-`",
            ));
        }
        Ok(Self { registry, path })
    }
}

impl TryFrom<String> for Repository {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.to_string()
    }
}

/// A tag: at most 128 of `[A-Za-z0-9._-]`, the first not `.` or `-` (distribution-spec, "Pulling manifests").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Returns the tag `latest`.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// Returns the tag under which referrers of `digest` are listed on registries without the referrers API
    /// (distribution-spec, "Referrers Tag Schema").
    pub fn of_referrers(digest: &Digest) -> Self {
        Self(format!("{}-{}", digest.algorithm().name(), &digest.hex()[..64]))
    }

    /// Returns whether the tag looks like those that list the referrers or signatures of a digest (distribution-spec, "Referrers Tag Schema";
    /// cosign, specs/SIGNATURE_SPEC.md).
    pub fn is_about_a_digest(&self) -> bool {
        let hexadecimal = |rest: &str| rest.bytes().take_while(u8::is_ascii_hexdigit).count() >= 64;
        ["sha256-", "sha512-"].iter().any(|prefix| self.0.strip_prefix(prefix).is_some_and(hexadecimal))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let valid = text.len() <= 128
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'));
        if valid { Ok(Self(text.to_owned())) } else { Err(ReferenceError::Tag { text: clip(text) }) }
    }
}

impl TryFrom<String> for Tag {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

/// An image on a registry as people write it: `registry/repository[:tag][@digest]`. What was not written is `None`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    /// The repository.
    pub repository: Repository,
    /// The tag, if one was written.
    pub tag: Option<Tag>,
    /// The digest, if one was written. It wins over the tag.
    pub digest: Option<Digest>,
}

/// What a manifest request names: a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A tag, which may move.
    Tag(Tag),
    /// A digest, which names exact bytes.
    Digest(Digest),
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(formatter),
            Self::Digest(digest) => digest.fmt(formatter),
        }
    }
}

impl From<Tag> for Target {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for Target {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl Reference {
    /// Returns what to ask the registry for: the digest, else the tag, else `latest`.
    pub fn target(&self) -> Target {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Target::Digest(digest.clone()),
            (None, Some(tag)) => Target::Tag(tag.clone()),
            (None, None) => Target::Tag(Tag::latest()),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(formatter, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text that does not name an image on a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The repository is malformed.
    #[error("`{text}` does not name a repository: {reason}")]
    Repository {
        /// What was read.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The tag is malformed.
    #[error("`{text}` is not a tag: at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`")]
    Tag {
        /// What was read.
        text: String,
    },
    /// The digest is malformed.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest[name_start..].find(':') {
            Some(colon) => (&rest[..name_start + colon], Some(rest[name_start + colon + 1..].parse()?)),
            None => (rest, None),
        };
        Ok(Self { repository: repository.parse()?, tag, digest })
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

pub(crate) fn clip(text: &str) -> String {
    text.chars().take(300).collect()
}

pub(crate) fn valid_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                (None, after.strip_prefix(':').or((!after.is_empty()).then_some("")))
            }
            _ => return false,
        },
        None => match registry.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(registry), None),
        },
    };
    let valid_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.is_none_or(|host| host.len() <= 253 && host.split('.').all(valid_label))
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

pub(crate) fn valid_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !alphanumeric(*first) || !alphanumeric(*last) {
        return false;
    }
    component.split(|c: char| c.is_ascii_alphanumeric()).all(|separator| {
        matches!(separator, "" | "." | "_" | "__") || (separator.bytes().all(|b| b == b'-') && !separator.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_write() {
        for (text, registry, path, tag) in [
            ("debian", "docker.io", "library/debian", None),
            ("debian:12", "docker.io", "library/debian", Some("12")),
            ("docker.io/debian", "docker.io", "library/debian", None),
            ("team/app", "docker.io", "team/app", None),
            ("localhost/app", "localhost", "app", None),
            ("localhost:5000/team/app:1.2.3", "localhost:5000", "team/app", Some("1.2.3")),
            ("[::1]:5000/app", "[::1]:5000", "app", None),
            ("ghcr.io/a/b__c/d-e.f:x", "ghcr.io", "a/b__c/d-e.f", Some("x")),
        ] {
            let reference: Reference = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(reference.repository.registry(), registry, "{text}");
            assert_eq!(reference.repository.path(), path, "{text}");
            assert_eq!(reference.tag.as_ref().map(Tag::as_str), tag, "{text}");
        }
    }

    #[test]
    fn a_digest_wins_over_the_tag() {
        let digest = Digest::of(b"x");
        let reference: Reference = format!("ghcr.io/a/b:1@{digest}").parse().unwrap();
        assert_eq!(reference.target(), Target::Digest(digest));
        assert_eq!(reference.to_string().parse::<Reference>().unwrap(), reference);
    }

    #[test]
    fn refuses_what_is_not_a_reference() {
        for text in [
            "",
            "/",
            "ghcr.io/",
            "ghcr.io/A/b",
            "ghcr.io/a//b",
            "ghcr.io/../b",
            "ghcr.io/a/.b",
            "ghcr.io/a:",
            "a b",
            "ghcr.io/a:-x",
            "ghcr.io:0/a",
            "ghcr.io:99999/a",
            "[::1/a",
            "ghcr.io/a@sha256:abc",
            "ghcr.io/a___b",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_loopback() {
        for (text, expected) in [
            ("localhost:5000/a", true),
            ("127.0.0.1/a", true),
            ("127.9.9.9:1/a", true),
            ("[::1]:5000/a", true),
            ("ghcr.io/a", false),
            ("10.0.0.1:5000/a", false),
            ("localhost.example.com/a", false),
        ] {
            assert_eq!(text.parse::<Repository>().unwrap().is_loopback(), expected, "{text}");
        }
    }
}
