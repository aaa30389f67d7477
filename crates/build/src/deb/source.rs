use super::archive::base;
use consign_oci::Digest;
use consign_package::deb::{Keyring, PackagesIndex, Release};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// An archive of Debian packages: one suite at one address.
#[derive(Clone, Debug)]
pub struct DebianSource {
    /// The address that `dists` and `pool` are under.
    pub uri: String,
    /// The suite, such as `bookworm-security`.
    pub suite: String,
    /// Components, such as `main`.
    pub components: Vec<String>,
    /// Debian's names of the architectures that the source is for; `None` means all that it has.
    pub architectures: Option<Vec<String>>,
    /// Whose signature the release file must carry.
    pub keyring: Keyring,
    /// Where the source is declared, for messages.
    pub declared: String,
}

/// Who chose the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourcesFrom {
    /// The configuration: each is used, and each must be right.
    Configuration,
    /// The machine's own sources: those of other suites, or not of Debian or Ubuntu, are passed over.
    Machine,
}

/// Where packages come from. What was fetched and verified once counts for every platform and image of a run.
#[derive(Debug)]
pub struct DebianSources {
    pub(crate) from: SourcesFrom,
    /// The suite of images that name none.
    pub(crate) default_suite: Option<String>,
    pub(crate) sources: Vec<DebianSource>,
    /// Verified release files with the digest of their bytes, by the source's place in the list.
    pub(crate) releases: Mutex<HashMap<usize, Arc<VerifiedRelease>>>,
    /// Indexes by digest. The lock of one is held while it is read, that of all is not.
    pub(crate) indexes: Mutex<HashMap<Digest, KnownIndex>>,
}

/// An index, once it was read.
pub(crate) type KnownIndex = Arc<Mutex<Option<Arc<PackagesIndex>>>>;

/// A release file whose signature is valid.
#[derive(Debug)]
pub(crate) struct VerifiedRelease {
    pub(crate) release: Release,
    pub(crate) file: &'static str,
    pub(crate) digest: Digest,
}

impl DebianSources {
    /// Makes a list of sources. `default_suite` is for images that name no suite.
    pub fn new(from: SourcesFrom, default_suite: Option<String>, sources: Vec<DebianSource>) -> Self {
        Self { from, default_suite, sources, releases: Mutex::default(), indexes: Mutex::default() }
    }

    /// Makes an empty list, for images that need no packages.
    pub fn none() -> Self {
        Self::new(SourcesFrom::Configuration, None, Vec::new())
    }

    /// Returns the addresses of the archives that have exactly this suite.
    pub(crate) fn archives(&self, suite: &str) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(move |source| source.suite == suite).map(|source| base(&source.uri))
    }

    /// Returns the sources from which an image of this suite takes packages; `None` is the default suite.
    pub fn sources_of(&self, suite: Option<&str>) -> Vec<&DebianSource> {
        let suite = suite.or(self.default_suite.as_deref());
        suite.into_iter().flat_map(|suite| self.of_suite(suite)).map(|(_, source)| source).collect()
    }

    /// Returns the sources for a suite, each with its place in the list: of the machine's own only the suite itself, its updates and its security updates.
    pub(crate) fn of_suite(&self, suite: &str) -> Vec<(usize, &DebianSource)> {
        let belongs = |source: &DebianSource| {
            let rest = source.suite.strip_prefix(suite);
            match self.from {
                SourcesFrom::Machine => matches!(rest, Some("" | "-updates" | "-security" | "/updates")),
                // A configured list may hold several suites for several images; further pockets of one belong to it.
                SourcesFrom::Configuration => rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '/'])),
            }
        };
        self.sources.iter().enumerate().filter(|(_, source)| belongs(source)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_has_its_pockets() {
        let source = |suite: &str| DebianSource {
            uri: "https://example.org/debian".into(),
            suite: suite.into(),
            components: Vec::new(),
            architectures: None,
            keyring: Keyring::default(),
            declared: "test".into(),
        };
        let all =
            ["bookworm", "bookworm-updates", "bookworm-security", "bookworm-backports", "trixie", "bookworm/updates"];
        let names = |from| {
            let sources = DebianSources::new(from, None, all.iter().map(|suite| source(suite)).collect());
            sources.of_suite("bookworm").into_iter().map(|(place, _)| place).collect::<Vec<_>>()
        };
        assert_eq!(names(SourcesFrom::Machine), [0, 1, 2, 5]);
        assert_eq!(names(SourcesFrom::Configuration), [0, 1, 2, 3, 5]);
    }
}
