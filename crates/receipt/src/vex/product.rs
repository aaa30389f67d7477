use crate::PackagePattern;
use crate::gate::Candidate;
use consign_oci::Digest;

/// A product that a statement is about, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// What names it: package URLs, digests, or anything else, which is nobody here.
    pub(super) names: Vec<String>,
    /// What in it has the vulnerability; `None`: all of it.
    pub(super) parts: Option<Vec<PackagePattern>>,
}

/// What an image is called.
pub(crate) struct ImageNames<'a> {
    digests: [&'a Digest; 2],
    /// The last parts of the repositories that it goes to, and its own name.
    names: Vec<&'a str>,
}

impl<'a> ImageNames<'a> {
    pub(crate) fn of(candidate: &'a Candidate, manifest: &'a Digest) -> Self {
        let repositories = candidate.destinations.iter().map(|released| released.repository.path());
        let names = repositories.chain([candidate.name.as_str()]).map(last);
        Self { digests: [&candidate.index, manifest], names: names.collect() }
    }

    /// Returns whether a package URL of the type `oci` names the image: by its digest where it has one, else by its name (purl-spec, `types/oci`).
    fn has(&self, purl: &str) -> bool {
        let Some(rest) = purl.strip_prefix("pkg:oci/") else { return false };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        match path.split_once('@') {
            Some((_, version)) => {
                let version = version.replace("%3A", ":").replace("%3a", ":");
                self.digests.iter().any(|digest| digest.to_string() == version)
            }
            None => self.names.iter().any(|name| name.eq_ignore_ascii_case(last(path))),
        }
    }
}

/// Returns the last part of a repository's name, without tag and digest.
fn last(name: &str) -> &str {
    let part = name.split('@').next().and_then(|name| name.rsplit('/').next()).unwrap_or(name);
    part.split(':').next().unwrap_or(part)
}

impl Product {
    /// Returns whether packages of an image are meant: those of the image that it names, or the packages themselves. Every one that is installed has to be.
    pub(super) fn has(&self, purls: &[String], names: &ImageNames<'_>) -> bool {
        let is_digest = |name: &String| names.digests.iter().any(|digest| digest.to_string() == *name);
        if self.names.iter().any(|name| is_digest(name) || names.has(name)) {
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
