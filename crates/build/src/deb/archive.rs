//! From the sources to a list of packages: release files, indexes, resolution. Everything is verified before it is used.

use super::source::{DebianSource, DebianSources, SourcesFrom, VerifiedRelease};
use super::source_error::SourceError;
use crate::specification::PackagesSpecification;
use bytes::Bytes;
use consign_fetch::{FetchError, Fetcher};
use consign_oci::{Digest, Platform};
use consign_package::deb::{
    PackageRecord, PackagesIndex, Relation, Release, Selection, debian_architecture, purl, resolve, verify_detached,
    verify_release,
};
use consign_package::decompress;
use consign_receipt::predicate::ResourceDescriptor;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Largest release file and signature, in bytes.
const RELEASE_LIMIT: u64 = 16 << 20;
/// Largest index, unpacked, in bytes.
const INDEX_LIMIT: u64 = 1 << 30;

/// What is to be installed, and from where.
pub(crate) struct Selected {
    /// Sorted by name, each with the address that its path is under.
    pub(crate) records: Vec<(PackageRecord, String)>,
    /// Release files, indexes and packages.
    pub(crate) dependencies: Vec<ResourceDescriptor>,
    pub(crate) warnings: Vec<String>,
}

/// Finds the packages for a platform.
pub(crate) async fn select(
    sources: &DebianSources,
    fetcher: &Fetcher,
    specification: &PackagesSpecification,
    platform: &Platform,
    now: jiff::Timestamp,
) -> Result<Selected, SourceError> {
    let suite = specification.suite.as_ref().or(sources.default_suite.as_ref()).ok_or(SourceError::NoSuite)?;
    let architecture =
        debian_architecture(platform).ok_or_else(|| SourceError::Platform { platform: platform.clone() })?;
    let candidates = sources.of_suite(suite);
    if candidates.is_empty() {
        return Err(SourceError::NoSource { suite: suite.clone() });
    }
    let mut archive = Archive {
        suite,
        sources,
        fetcher,
        architecture,
        now,
        used: Vec::new(),
        dependencies: Vec::new(),
        warnings: Vec::new(),
    };
    for (place, source) in candidates {
        archive.add(place, source).await?;
    }
    if !archive.used.iter().any(|used| used.suite == *suite) {
        return Err(SourceError::NoArchitecture { suite: suite.clone(), architecture: architecture.to_owned() });
    }
    archive.resolve(specification, platform)
}

struct Archive<'a> {
    suite: &'a str,
    sources: &'a DebianSources,
    fetcher: &'a Fetcher,
    architecture: &'static str,
    now: jiff::Timestamp,
    used: Vec<Used>,
    dependencies: Vec<ResourceDescriptor>,
    warnings: Vec<String>,
}

/// An index that packages may come from.
struct Used {
    index: Arc<PackagesIndex>,
    uri: String,
    suite: String,
    release: Arc<VerifiedRelease>,
}

impl Archive<'_> {
    async fn add(&mut self, place: usize, source: &DebianSource) -> Result<(), SourceError> {
        if source.architectures.as_ref().is_some_and(|listed| !listed.iter().any(|name| name == self.architecture)) {
            return Ok(());
        }
        let release = self.release(place, source).await?;
        let origin = release.release.origin.as_deref().unwrap_or_default();
        if self.sources.from == SourcesFrom::Machine && !matches!(origin, "Debian" | "Ubuntu") {
            let warning = format!(
                "passed over the source in {}: its origin is `{origin}`, not Debian or Ubuntu",
                source.declared
            );
            self.warnings.push(warning);
            return Ok(());
        }
        if !release.release.architectures.iter().any(|name| name == self.architecture) {
            return Ok(());
        }
        let name = format!("dists/{}/{}", source.suite, release.file);
        self.depend(name, None, &release.digest);
        for component in &source.components {
            if let Some(index) = self.index(source, &release.release, component).await? {
                let (uri, suite) = (base(&source.uri).to_owned(), source.suite.clone());
                self.used.push(Used { index, uri, suite, release: release.clone() });
            }
        }
        Ok(())
    }

    /// Returns whether an image can do without a source: mirrors that a machine happens to have often carry the updates of some
    /// architectures only. The suite itself is never done without, nor what the configuration names.
    fn may_lack(&self, source: &DebianSource) -> bool {
        self.sources.from == SourcesFrom::Machine && source.suite != self.suite
    }

    fn depend(&mut self, name: String, uri: Option<String>, digest: &Digest) {
        let digest = BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())]);
        self.dependencies.push(ResourceDescriptor { name: Some(name), uri, digest });
    }

    /// Fetches and verifies a release file, once in a run.
    async fn release(&self, place: usize, source: &DebianSource) -> Result<Arc<VerifiedRelease>, SourceError> {
        let mut known = self.sources.releases.lock().await;
        if let Some(release) = known.get(&place) {
            return Ok(release.clone());
        }
        let folder = format!("{}/dists/{}", base(&source.uri), source.suite);
        let failed = |error| SourceError::Release {
            suite: source.suite.clone(),
            declared: source.declared.clone(),
            source: Box::new(error),
        };
        let what = |file: &str| format!("{file} of `{}`, declared in {}", source.suite, source.declared);
        let (file, bytes, release) = match self.fetch(&folder, "InRelease").await {
            Ok(bytes) => {
                ("InRelease", bytes.clone(), verify_release(&bytes, &source.keyring, self.now).map_err(failed)?)
            }
            Err(FetchError::NotFound { .. }) => {
                let bytes = self
                    .fetch(&folder, "Release")
                    .await
                    .map_err(|error| SourceError::Fetch { what: what("Release"), source: error })?;
                let signature = self.fetch(&folder, "Release.gpg").await;
                let signature =
                    signature.map_err(|error| SourceError::Fetch { what: what("Release.gpg"), source: error })?;
                let release = verify_detached(&bytes, &signature, &source.keyring, self.now).map_err(failed)?;
                ("Release", bytes, release)
            }
            Err(error) => return Err(SourceError::Fetch { what: what("InRelease"), source: error }),
        };
        check_suite(source, &release)?;
        let release = Arc::new(VerifiedRelease { release, file, digest: Digest::of(&bytes) });
        known.insert(place, release.clone());
        Ok(release)
    }

    async fn fetch(&self, folder: &str, file: &str) -> Result<Bytes, FetchError> {
        self.fetcher.current(&format!("{folder}/{file}"), RELEASE_LIMIT).await
    }

    /// Fetches an index by the hash that the release file has for it, and reads it, once in a run.
    async fn index(
        &mut self,
        source: &DebianSource,
        release: &Release,
        component: &str,
    ) -> Result<Option<Arc<PackagesIndex>>, SourceError> {
        let folder = format!("{component}/binary-{}", self.architecture);
        let found = ["xz", "gz", "zst"]
            .iter()
            .map(|end| format!("{folder}/Packages.{end}"))
            .chain([format!("{folder}/Packages")]);
        let Some((path, (digest, size))) =
            found.into_iter().find_map(|path| Some((path.clone(), release.file(&path)?)))
        else {
            if self.sources.from == SourcesFrom::Configuration {
                return Err(SourceError::NoIndex {
                    suite: source.suite.clone(),
                    declared: source.declared.clone(),
                    component: component.to_owned(),
                    architecture: self.architecture.to_owned(),
                });
            }
            return Ok(None);
        };
        let name = format!("dists/{}/{path}", source.suite);
        let sources = self.sources;
        let mut known = sources.indexes.lock().await;
        if let Some(index) = known.get(digest) {
            self.depend(name, None, digest);
            return Ok(Some(index.clone()));
        }
        let dists = format!("{}/dists/{}", base(&source.uri), source.suite);
        let place = release.location(&path).unwrap_or_else(|| path.clone());
        let bytes = match self.fetcher.exact(&format!("{dists}/{place}"), digest, *size).await {
            Err(FetchError::NotFound { .. }) if place != path => {
                match self.fetcher.exact(&format!("{dists}/{path}"), digest, *size).await {
                    Err(FetchError::NotFound { .. } | FetchError::Size { .. } | FetchError::Digest { .. })
                        if self.may_lack(source) =>
                    {
                        self.warnings.push(format!(
                            "passed over `{}` for {}: the source in {} does not have the index that its own release file names, so none of its packages is used",
                            source.suite, self.architecture, source.declared
                        ));
                        return Ok(None);
                    }
                    answer => answer,
                }
            }
            answer => answer,
        };
        let bytes = bytes.map_err(|error| SourceError::Fetch { what: name.clone(), source: error })?;
        let (path, label) = (path.clone(), name.clone());
        let index = tokio::task::spawn_blocking(move || {
            let failed = |error| SourceError::Decompress { what: label.clone(), source: error };
            let text = decompress(&path, &bytes, INDEX_LIMIT).map_err(failed)?;
            PackagesIndex::parse(&label, text).map_err(|error| SourceError::Index { source: Box::new(error) })
        });
        let index = Arc::new(index.await.map_err(|error| SourceError::Worker { source: error })??);
        known.insert(digest.clone(), index.clone());
        drop(known);
        self.depend(name, None, digest);
        Ok(Some(index))
    }

    fn resolve(mut self, specification: &PackagesSpecification, platform: &Platform) -> Result<Selected, SourceError> {
        let wanted = specification.packages.iter().map(|text| {
            Relation::wanted(text).map_err(|error| SourceError::Wanted { text: text.clone(), source: error })
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let indexes: Vec<&PackagesIndex> = self.used.iter().map(|used| &*used.index).collect();
        let selections = resolve(&indexes, self.architecture, &wanted)
            .map_err(|error| SourceError::Resolve { platform: platform.clone(), source: Box::new(error) })?;
        let mut records = Vec::new();
        for Selection { index, record } in selections {
            let Some(used) = self.used.get(index) else { continue };
            let (uri, url) = (used.uri.clone(), package_url(&record, &used.release.release));
            self.depend(record.filename.clone(), Some(url), &record.sha256);
            records.push((record, uri));
        }
        self.dependencies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Selected { records, dependencies: self.dependencies, warnings: self.warnings })
    }
}

/// A valid signature of another suite's release file proves nothing about this one.
fn check_suite(source: &DebianSource, release: &Release) -> Result<(), SourceError> {
    let names = [&release.suite, &release.codename];
    let wanted = source.suite.trim_end_matches("/updates");
    if names.into_iter().flatten().any(|name| *name == source.suite || *name == wanted) {
        return Ok(());
    }
    // Names with a folder, such as `stable/updates`, and aliases such as `stable-updates` stand in Suite; a file without either says nothing.
    if names.iter().all(|name| name.is_none()) {
        return Ok(());
    }
    let found = names.into_iter().flatten().cloned().collect::<Vec<_>>().join("` or `");
    Err(SourceError::OtherSuite { suite: source.suite.clone(), declared: source.declared.clone(), found })
}

fn base(uri: &str) -> &str {
    uri.trim_end_matches('/')
}

fn package_url(record: &PackageRecord, release: &Release) -> String {
    let distribution = release.origin.as_deref().unwrap_or("debian");
    let codename = release
        .codename
        .as_deref()
        .or(release.suite.as_deref())
        .map(|name| name.trim_end_matches("-security").trim_end_matches("-updates"));
    let source = Some((record.source_name.as_str(), &record.source_version));
    purl(distribution, codename, &record.name, &record.version, &record.architecture, source)
}
