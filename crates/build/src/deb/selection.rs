//! Which packages an image gets. The choice is kept by what it follows from, so that nothing is unpacked and searched twice.

use super::archive::{Archive, Listed, base};
use super::chosen::{ChosenPackage, depend};
use super::source_error::SourceError;
use crate::kept::Kept;
use crate::resolution::{Resolution, ResolveRequest};
use crate::specification::PackagesSpecification;
use consign_oci::{Digest, Platform};
use consign_package::deb::{
    IndexError, PackagesIndex, Preferred, Relation, Request, Searched, Selection, Target, Version, debian_architecture,
    resolve,
};
use consign_receipt::predicate::ResourceDescriptor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names what this room chooses of the same indexes: raise it when that changes.
const FORMAT: u32 = 5;

/// What was chosen for one architecture, as the store keeps it. Indexes are numbered as the archive lists them.
#[derive(Clone, Serialize, Deserialize)]
struct Choice {
    /// Indexes that were to be had nowhere.
    lacking: Vec<usize>,
    /// Sorted by name.
    packages: Vec<ChosenPackage>,
    /// What is older than it could be, for people.
    older: Vec<String>,
}

/// Finds the packages for all platforms.
pub(crate) async fn select(
    specification: &PackagesSpecification,
    request: &ResolveRequest<'_>,
) -> Result<Resolution, SourceError> {
    let sources = request.sources;
    let suite = specification.suite.as_ref().or(sources.default_suite.as_ref()).ok_or(SourceError::NoSuite)?;
    let mut archives: Vec<Archive<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for platform in request.platforms {
        let architecture =
            debian_architecture(platform).ok_or_else(|| SourceError::Platform { platform: platform.clone() })?;
        // Several platforms may run what one architecture of Debian has.
        let place = match archives.iter().position(|archive| archive.architecture == architecture) {
            Some(place) => place,
            None => {
                archives.push(open(suite, architecture, request).await?);
                archives.len() - 1
            }
        };
        places.insert(platform.clone(), place);
    }
    let selecting = Selecting { specification, request, suite, archives: &archives };
    let choices = selecting.choices().await?;
    let mut resolution = Resolution { suite: Some(suite.clone()), ..Resolution::default() };
    for (platform, place) in places {
        let (Some(archive), Some(choice)) = (archives.get(place), choices.get(place)) else { continue };
        resolution.packages.insert(platform.clone(), choice.packages.clone());
        resolution.consulted.insert(platform.clone(), consulted(archive, choice));
        resolution.warnings.insert(platform, warnings(archive, choice));
    }
    Ok(resolution)
}

/// Reads the release files for an architecture.
async fn open<'a>(
    suite: &'a str,
    architecture: &'static str,
    request: &ResolveRequest<'a>,
) -> Result<Archive<'a>, SourceError> {
    let candidates = request.sources.of_suite(suite);
    if candidates.is_empty() {
        return Err(SourceError::NoSource { suite: suite.to_owned() });
    }
    let mut archive = Archive {
        suite,
        sources: request.sources,
        fetcher: request.fetcher,
        kept: Kept::new(request.store, request.reuse),
        architecture,
        now: request.now,
        releases: Vec::new(),
        listed: Vec::new(),
        warnings: Vec::new(),
    };
    for (place, source) in candidates {
        archive.add(place, source).await?;
    }
    if !archive.listed.iter().any(|listed| listed.source.suite == suite) {
        let (suite, architecture) = (suite.to_owned(), architecture.to_owned());
        return Err(SourceError::NoArchitecture { suite, architecture });
    }
    Ok(archive)
}

struct Selecting<'a> {
    specification: &'a PackagesSpecification,
    request: &'a ResolveRequest<'a>,
    suite: &'a str,
    /// One for each architecture.
    archives: &'a [Archive<'a>],
}

impl Selecting<'_> {
    /// Returns what is chosen for each architecture, from the store where that was chosen before.
    async fn choices(&self) -> Result<Vec<Choice>, SourceError> {
        let preferred = self.preferred();
        let key = self.key(&preferred);
        if let Some(choices) = self.kept(&key).await? {
            return Ok(choices);
        }
        let choices = self.choose(&preferred).await?;
        self.request.store.put_step("select", &key, &[], &choices)?;
        Ok(choices)
    }

    /// Returns the versions that an earlier choice has and that are to stay.
    fn preferred(&self) -> Preferred {
        let kept = self.request.keep.iter().flat_map(|kept| &kept.packages);
        let packages = kept.flat_map(|(platform, packages)| packages.iter().map(move |package| (platform, package)));
        let entry = |(platform, package): (&Platform, &ChosenPackage)| {
            let version = package.version.parse::<Version>().ok()?;
            Some(((debian_architecture(platform)?.to_owned(), package.name.clone()), version))
        };
        packages.filter_map(entry).collect()
    }

    /// Returns the digest of everything that decides what is chosen.
    fn key(&self, preferred: &Preferred) -> Digest {
        let index = |listed: &Listed<'_>| {
            json!([listed.source.uri, listed.name(), listed.digest, listed.release.release.not_automatic])
        };
        let indexes =
            |archive: &Archive<'_>| json!([archive.architecture, archive.listed.iter().map(index).collect::<Vec<_>>()]);
        let preferred: Vec<_> = preferred
            .iter()
            .map(|((architecture, name), version)| json!([architecture, name, version.to_string()]))
            .collect();
        let all = json!({
            "step": "select",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "suite": self.suite,
            "packages": self.specification.packages,
            "recommends": self.specification.recommends,
            "preferred": preferred,
            "archives": self.archives.iter().map(indexes).collect::<Vec<_>>(),
        });
        Digest::of(all.to_string().as_bytes())
    }

    /// Returns what was chosen before, unless an index has come that was lacking then.
    async fn kept(&self, key: &Digest) -> Result<Option<Vec<Choice>>, SourceError> {
        if !self.request.reuse {
            return Ok(None);
        }
        let Some(choices) = self.request.store.step::<Vec<Choice>>(key)? else { return Ok(None) };
        if choices.len() != self.archives.len() {
            return Ok(None);
        }
        for (archive, choice) in self.archives.iter().zip(&choices) {
            for number in &choice.lacking {
                match archive.listed.get(*number) {
                    Some(listed) if archive.bytes(listed).await?.is_none() => {}
                    _ => return Ok(None),
                }
            }
        }
        Ok(Some(choices))
    }

    async fn choose(&self, preferred: &Preferred) -> Result<Vec<Choice>, SourceError> {
        let wanted = self.specification.packages.iter().map(|text| {
            Relation::wanted(text).map_err(|error| SourceError::Wanted { text: text.clone(), source: error })
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let opened = futures::future::try_join_all(self.archives.iter().map(Opened::read)).await?;
        let searched: Vec<Vec<Searched<'_>>> = opened.iter().map(Opened::searched).collect();
        let targets: Vec<Target<'_>> = self
            .archives
            .iter()
            .zip(&searched)
            .map(|(archive, indexes)| Target { architecture: archive.architecture, indexes })
            .collect();
        let request = Request { wanted: &wanted, recommends: self.specification.recommends, preferred };
        let selections =
            resolve(&targets, &request).map_err(|error| SourceError::Resolve { source: Box::new(error) })?;
        let older = older(self.archives, &opened, &selections)?;
        let choices = opened.iter().zip(selections).zip(older).map(|((opened, selections), older)| {
            let packages = selections.into_iter().filter_map(|selection| {
                let (listed, _) = opened.indexes.get(selection.index)?;
                let archive = base(&listed.source.uri);
                Some(ChosenPackage::new(&selection.record, &listed.source.suite, &listed.release.release, archive))
            });
            Choice { lacking: opened.lacking.clone(), packages: packages.collect(), older }
        });
        Ok(choices.collect())
    }
}

/// The indexes of an architecture, read.
struct Opened<'a> {
    indexes: Vec<(&'a Listed<'a>, Arc<PackagesIndex>)>,
    lacking: Vec<usize>,
}

impl<'a> Opened<'a> {
    async fn read(archive: &'a Archive<'a>) -> Result<Self, SourceError> {
        let (mut indexes, mut lacking) = (Vec::new(), Vec::new());
        for (number, listed) in archive.listed.iter().enumerate() {
            match archive.read(listed).await? {
                Some(index) => indexes.push((listed, index)),
                None => lacking.push(number),
            }
        }
        Ok(Self { indexes, lacking })
    }

    /// Returns the newest source version of a package, but for those of a last resort.
    fn newest(&self, name: &str) -> Result<Option<Version>, IndexError> {
        let mut newest = None;
        for (listed, index) in &self.indexes {
            if !listed.release.release.not_automatic {
                newest = newest.max(index.named(name)?.into_iter().map(|record| record.source_version).max());
            }
        }
        Ok(newest)
    }

    /// Returns whether there is this source version of a package.
    fn has(&self, name: &str, version: &Version) -> Result<bool, IndexError> {
        for (_, index) in &self.indexes {
            if index.named(name)?.iter().any(|record| record.source_version == *version) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn searched(&self) -> Vec<Searched<'_>> {
        let last_resort = |listed: &Listed<'_>| listed.release.release.not_automatic;
        self.indexes.iter().map(|(listed, index)| Searched { index, last_resort: last_resort(listed) }).collect()
    }
}

/// Tells, for each architecture, which of its packages are not its newest because another architecture does not have that.
fn older(
    archives: &[Archive<'_>],
    opened: &[Opened<'_>],
    selections: &[Vec<Selection>],
) -> Result<Vec<Vec<String>>, SourceError> {
    let failed = |source| SourceError::Index { source: Box::new(source) };
    let mut told = Vec::new();
    for (here, chosen) in opened.iter().zip(selections) {
        let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Selection { record, .. } in chosen {
            let Some(newest) = here.newest(&record.name).map_err(failed)? else { continue };
            if newest <= record.source_version {
                continue;
            }
            let mut lacking = Vec::new();
            for ((archive, there), others) in archives.iter().zip(opened).zip(selections) {
                let needs = others.iter().any(|other| other.record.name == record.name);
                if needs && !there.has(&record.name, &newest).map_err(failed)? {
                    lacking.push(archive.architecture);
                }
            }
            if !lacking.is_empty() {
                let packages = kept.entry(lacking.join(" and ")).or_default();
                packages.push(format!("{} {} (newest: {newest})", record.name, record.version));
            }
        }
        let line = |(lacking, packages): (String, Vec<String>)| {
            format!("kept at versions that there are for {lacking}, too: {}", packages.join(", "))
        };
        told.push(kept.into_iter().map(line).collect());
    }
    Ok(told)
}

/// Returns what was chosen from.
fn consulted(archive: &Archive<'_>, choice: &Choice) -> Vec<ResourceDescriptor> {
    let releases = archive.releases.iter().map(|(name, release)| depend(name.clone(), None, &release.digest));
    let indexes = archive.listed.iter().enumerate().filter(|(number, _)| !choice.lacking.contains(number));
    releases.chain(indexes.map(|(_, listed)| depend(listed.name(), None, &listed.digest))).collect()
}

fn warnings(archive: &Archive<'_>, choice: &Choice) -> Vec<String> {
    let lacking = choice.lacking.iter().filter_map(|number| archive.listed.get(*number));
    let lacking = lacking.map(|listed| {
        format!(
            "passed over `{}` for {}: the source in {} does not have the index that its own release file names, so none of its packages is used",
            listed.source.suite, archive.architecture, listed.source.declared
        )
    });
    archive.warnings.iter().cloned().chain(lacking).chain(choice.older.iter().cloned()).collect()
}
