//! From the sources to the indexes of packages. Everything is verified before it is used.

use super::source::{DebianSource, DebianSources, SourcesFrom, VerifiedRelease};
use super::source_error::SourceError;
use crate::kept::{Kept, Kind};
use bytes::Bytes;
use consign_fetch::{FetchError, Fetcher};
use consign_oci::Digest;
use consign_package::deb::{PackagesIndex, Release, verify_detached, verify_release};
use consign_package::decompress;
use std::sync::Arc;

/// Largest release file and signature, in bytes.
const RELEASE_LIMIT: u64 = 16 << 20;
/// Largest index, unpacked, in bytes.
const INDEX_LIMIT: u64 = 1 << 30;
/// What kept indexes are called in the store.
const KEPT: Kind = Kind { name: "index", form: 1 };

/// The sources of a suite for one architecture.
pub(crate) struct Archive<'a> {
    pub(crate) suite: &'a str,
    pub(crate) sources: &'a DebianSources,
    pub(crate) fetcher: &'a Fetcher,
    /// Has indexes in the form in which they are searched.
    pub(crate) kept: Kept,
    pub(crate) architecture: &'static str,
    pub(crate) now: jiff::Timestamp,
    /// The sources' release files, each with the name that provenance has for it.
    pub(crate) releases: Vec<(String, Arc<VerifiedRelease>)>,
    /// The indexes that they name.
    pub(crate) listed: Vec<Listed<'a>>,
    pub(crate) warnings: Vec<String>,
}

/// An index that a release file names. It is fetched when packages are chosen from it.
#[derive(Clone)]
pub(crate) struct Listed<'a> {
    pub(crate) source: &'a DebianSource,
    pub(crate) release: Arc<VerifiedRelease>,
    /// Where it is, below the suite's folder.
    pub(crate) path: String,
    pub(crate) digest: Digest,
    size: u64,
}

impl Listed<'_> {
    /// Returns the name that provenance has for it.
    pub(crate) fn name(&self) -> String {
        format!("dists/{}/{}", self.source.suite, self.path)
    }
}

impl<'a> Archive<'a> {
    /// Adds the indexes of a source, unless it is passed over.
    pub(crate) async fn add(&mut self, place: usize, source: &'a DebianSource) -> Result<(), SourceError> {
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
        self.releases.push((format!("dists/{}/{}", source.suite, release.file), release.clone()));
        for component in &source.components {
            self.listed.extend(self.find(source, &release, component)?);
        }
        Ok(())
    }

    /// Finds an index in a release file.
    fn find(
        &self,
        source: &'a DebianSource,
        release: &Arc<VerifiedRelease>,
        component: &str,
    ) -> Result<Option<Listed<'a>>, SourceError> {
        let folder = format!("{component}/binary-{}", self.architecture);
        let names = ["Packages.xz", "Packages.gz", "Packages.zst", "Packages"];
        let found = names.iter().find_map(|name| {
            let path = format!("{folder}/{name}");
            let (digest, size) = release.release.file(&path)?;
            Some(Listed { source, release: release.clone(), path, digest: digest.clone(), size: *size })
        });
        if found.is_none() && self.sources.from == SourcesFrom::Configuration {
            return Err(SourceError::NoIndex {
                suite: source.suite.clone(),
                declared: source.declared.clone(),
                component: component.to_owned(),
                architecture: self.architecture.to_owned(),
            });
        }
        Ok(found)
    }

    /// Returns whether an image can do without a source: mirrors that a machine happens to have often carry the updates of some
    /// architectures only. The suite itself is never done without, nor what the configuration names.
    fn may_lack(&self, source: &DebianSource) -> bool {
        self.sources.from == SourcesFrom::Machine && source.suite != self.suite
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
        let (keyring, now) = (source.keyring.clone(), self.now);
        let (file, bytes, release) = match self.fetch(&folder, "InRelease").await {
            Ok(bytes) => {
                let text = bytes.clone();
                let verified = work(move || Ok(verify_release(&text, &keyring, now))).await?;
                ("InRelease", bytes, verified.map_err(failed)?)
            }
            Err(FetchError::NotFound { .. }) => {
                let bytes = self
                    .fetch(&folder, "Release")
                    .await
                    .map_err(|error| SourceError::Fetch { what: what("Release"), source: error })?;
                let signature = match self.fetch(&folder, "Release.gpg").await {
                    Ok(signature) => signature,
                    Err(FetchError::NotFound { .. }) => {
                        let (suite, declared) = (source.suite.clone(), source.declared.clone());
                        return Err(SourceError::Unsigned { suite, declared });
                    }
                    Err(error) => return Err(SourceError::Fetch { what: what("Release.gpg"), source: error }),
                };
                let text = bytes.clone();
                let verified = work(move || Ok(verify_detached(&text, &signature, &keyring, now))).await?;
                ("Release", bytes, verified.map_err(failed)?)
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

    /// Fetches an index and reads it, once in a run; `None` where the mirror lacks it and the image can do without.
    pub(crate) async fn read(&self, listed: &Listed<'_>) -> Result<Option<Arc<PackagesIndex>>, SourceError> {
        let known = self.sources.indexes.lock().await.entry(listed.digest.clone()).or_default().clone();
        let mut known = known.lock().await;
        if known.is_none() {
            let index = match self.kept(listed).await? {
                Some(index) => index,
                None => match self.bytes(listed).await? {
                    Some(bytes) => self.parse(listed, bytes).await?,
                    None => return Ok(None),
                },
            };
            *known = Some(Arc::new(index));
        }
        Ok(known.clone())
    }

    /// Returns an index that was read before. It was made of bytes that had the digest which the release file names now.
    async fn kept(&self, listed: &Listed<'_>) -> Result<Option<PackagesIndex>, SourceError> {
        let (kept, digest, name) = (self.kept.clone(), listed.digest.clone(), listed.name());
        work(move || Ok(kept.get(KEPT, &digest).and_then(|form| PackagesIndex::restore(&name, form)))).await
    }

    /// Reads an index, and keeps it in the form in which it is searched.
    async fn parse(&self, listed: &Listed<'_>, bytes: Bytes) -> Result<PackagesIndex, SourceError> {
        let (kept, digest) = (self.kept.clone(), listed.digest.clone());
        let (path, name) = (listed.path.clone(), listed.name());
        work(move || {
            let failed = |error| SourceError::Decompress { what: name.clone(), source: error };
            let text = decompress(&path, &bytes, INDEX_LIMIT).map_err(failed)?;
            let index = PackagesIndex::parse(&name, text);
            let index = index.map_err(|error| SourceError::Index { source: Box::new(error) })?;
            kept.put(KEPT, &digest, index.form());
            Ok(index)
        })
        .await
    }

    /// Fetches an index by the hash that the release file has for it; `None` where the mirror lacks it and the image can do without.
    pub(crate) async fn bytes(&self, listed: &Listed<'_>) -> Result<Option<Bytes>, SourceError> {
        let Listed { source, release, path, digest, size } = listed;
        let dists = format!("{}/dists/{}", base(&source.uri), source.suite);
        let place = release.release.location(path).unwrap_or_else(|| path.clone());
        let fetched = match self.fetcher.exact(&format!("{dists}/{place}"), digest, *size).await {
            Err(FetchError::NotFound { .. }) if place != *path => {
                match self.fetcher.exact(&format!("{dists}/{path}"), digest, *size).await {
                    // What stands there is of another day, or was when a run that was not offline looked.
                    Err(
                        FetchError::NotFound { .. }
                        | FetchError::Size { .. }
                        | FetchError::Digest { .. }
                        | FetchError::Offline { .. },
                    ) if self.may_lack(source) => {
                        return Ok(None);
                    }
                    answer => answer,
                }
            }
            answer => answer,
        };
        fetched.map(Some).map_err(|error| SourceError::Fetch { what: listed.name(), source: error })
    }
}

/// Runs work that takes long where it does not hold up others.
async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.map_err(|source| SourceError::Worker { source })?
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
    let mut found: Vec<_> = names.into_iter().flatten().cloned().collect();
    found.dedup();
    let found = found.join("` or `");
    Err(SourceError::OtherSuite { suite: source.suite.clone(), declared: source.declared.clone(), found })
}

pub(crate) fn base(uri: &str) -> &str {
    uri.trim_end_matches('/')
}
