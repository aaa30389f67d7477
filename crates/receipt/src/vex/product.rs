use crate::PackagePattern;
use crate::gate::{Candidate, PlatformCandidate};
use consign_oci::Platform;

/// A product that a statement is about, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// What names it: package URLs, digests, or anything else, which is nobody here.
    pub(super) names: Vec<String>,
    /// What in it has the vulnerability; `None`: all of it.
    pub(super) parts: Option<Vec<PackagePattern>>,
}

/// What an image is called.
#[derive(Clone)]
pub(crate) struct ImageNames<'a> {
    /// Those of its index and of the platform.
    digests: Vec<String>,
    /// Whether whoever says them has attached a document to the image.
    is_attached: bool,
    /// The repositories that it lies in or goes to, and what it is called beside.
    names: Vec<String>,
    platform: &'a Platform,
}

impl<'a> ImageNames<'a> {
    pub(crate) fn of(candidate: &'a Candidate, platform: &'a PlatformCandidate) -> Self {
        let repositories = candidate.destinations.iter().map(|released| released.repository.to_string());
        let names = repositories.chain([candidate.name.clone()]).collect();
        let digests = [&candidate.index, &platform.digest].map(ToString::to_string).to_vec();
        Self { digests, is_attached: false, names, platform: &platform.platform }
    }

    /// Returns what it is called in a document that is attached to it: by what that is attached to, as well. An index that a platform came in may be another
    /// than the one that it goes into.
    pub(super) fn attached_to(&self, subject: Vec<String>) -> Self {
        let mut names = Self { is_attached: true, ..self.clone() };
        names.digests.extend(subject);
        names
    }

    /// Returns whether they are those in a document that is attached to it.
    pub(super) fn is_of_attachment(&self) -> bool {
        self.is_attached
    }

    /// Returns whether a package URL of the type `oci` names the image: by its digest where it has one, else by its name, repository and architecture, so
    /// far as it has them (purl-spec, `types/oci`). What else it says is nothing that could be compared.
    fn has(&self, purl: &str) -> bool {
        let Some(rest) = purl.strip_prefix("pkg:oci/").and_then(|rest| rest.split('#').next()) else { return false };
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        if let Some((_, version)) = path.split_once('@') {
            let version = decoded(version);
            return self.digests.contains(&version);
        }
        let is_named = |name: &String| last(name).eq_ignore_ascii_case(last(path));
        let mut pairs = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        self.names.iter().any(is_named)
            && pairs.all(|(key, value)| match key {
                "repository_url" => self.names.contains(&decoded(value)),
                "arch" => value == self.platform.architecture(),
                _ => false,
            })
    }
}

/// Takes back how a digest or a repository is written in a package URL.
fn decoded(text: &str) -> String {
    text.replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/")
}

/// Returns the last part of a repository's name, without tag and digest.
fn last(name: &str) -> &str {
    let part = name.split('@').next().and_then(|name| name.rsplit('/').next()).unwrap_or(name);
    part.split(':').next().unwrap_or(part)
}

impl Product {
    /// Returns whether packages of an image are meant: those of the image that it names, or the packages themselves. Every one that is installed has to be.
    pub(super) fn has(&self, purls: &[String], names: &ImageNames<'_>) -> bool {
        if self.names.iter().any(|name| names.digests.contains(name) || names.has(name)) {
            return self.parts.as_ref().is_none_or(|parts| all_match(parts, purls));
        }
        let packages: Vec<PackagePattern> = self.names.iter().filter_map(|name| name.parse().ok()).collect();
        // Of a part of a package, nobody here knows where else it is.
        self.parts.is_none() && all_match(&packages, purls)
    }
}

fn all_match(patterns: &[PackagePattern], purls: &[String]) -> bool {
    !purls.is_empty() && purls.iter().all(|purl| patterns.iter().any(|pattern| pattern.matches(purl)))
}
