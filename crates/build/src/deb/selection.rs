//! Which packages an image gets. The choice is kept by what it follows from, so that nothing is unpacked and searched twice.

use super::archive::{Archive, Listed, base};
use super::choosing::{self, Chosen, Offer, Question};
use super::chosen::ChosenPackage;
use super::source_error::SourceError;
use crate::kept::Kept;
use crate::resolution::{Resolution, ResolveRequest};
use crate::specification::PackagesSpecification;
use consign_oci::Digest;
use consign_package::deb::{
    IndexError, PackageRecord, PackagesIndex, Preferred, Relation, Selection, Version, debian_architecture,
};
use consign_receipt::predicate::ResourceDescriptor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names what this room chooses of the same indexes: raise it when that changes.
const FORMAT: u32 = 6;

/// Packages of an earlier choice by architecture and name.
type Keep<'a> = BTreeMap<(&'static str, &'a str), &'a ChosenPackage>;

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
    let kept = request.keep.and_then(|keep| keep.suite.as_ref());
    let suite = specification.suite.as_ref().or(kept).or(sources.default_suite.as_ref());
    let suite = suite.ok_or(SourceError::NoSuite)?;
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
        let keep = self.keep();
        let key = self.key(&keep);
        if let Some(choices) = self.kept(&key).await? {
            return Ok(choices);
        }
        let choices = self.choose(&keep).await?;
        self.request.store.put_step("select", &key, &[], &choices)?;
        Ok(choices)
    }

    /// Returns the packages of an earlier choice, which are to stay.
    fn keep(&self) -> Keep<'_> {
        let mut keep = Keep::new();
        for (platform, packages) in self.request.keep.iter().flat_map(|kept| &kept.packages) {
            let Some(architecture) = debian_architecture(platform) else { continue };
            keep.extend(packages.iter().map(|package| ((architecture, package.name.as_str()), package)));
        }
        keep
    }

    /// Returns the digest of everything that decides what is chosen.
    fn key(&self, keep: &Keep<'_>) -> Digest {
        let index = |listed: &Listed<'_>| {
            let release = &listed.release.release;
            // Packages' URLs are made of the names.
            let names = [&release.origin, &release.codename, &release.suite];
            json!([listed.source.uri, listed.name(), listed.digest, release.not_automatic, names])
        };
        let indexes =
            |archive: &Archive<'_>| json!([archive.architecture, archive.listed.iter().map(index).collect::<Vec<_>>()]);
        let keep: Vec<_> = keep.iter().map(|((architecture, _), package)| json!([architecture, package])).collect();
        let all = json!({
            "step": "select",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "suite": self.suite,
            "packages": self.specification.packages,
            "recommends": self.specification.recommends,
            "keep": keep,
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

    async fn choose(&self, keep: &Keep<'_>) -> Result<Vec<Choice>, SourceError> {
        let version = |(&(architecture, name), package): (&(&str, &str), &&ChosenPackage)| {
            Some(((architecture.to_owned(), name.to_owned()), package.version.parse::<Version>().ok()?))
        };
        let preferred: Preferred = keep.iter().filter_map(version).collect();
        let wanted = self.specification.packages.iter().map(|text| {
            Relation::wanted(text).map_err(|error| SourceError::Wanted { text: text.clone(), source: error })
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let opened = futures::future::try_join_all(self.archives.iter().map(Opened::read)).await?;
        let offers = self.archives.iter().zip(&opened).map(|(archive, opened)| opened.offer(archive)).collect();
        let question = Question { wanted, recommends: self.specification.recommends, preferred };
        let chosen = choosing::choose(offers, question).await?;
        let all = self.archives.iter().zip(opened).zip(chosen);
        let choices = all.map(|((archive, opened), Chosen { selections, older })| {
            let packages = selections.iter().map(|selection| {
                let kept = keep.get(&(archive.architecture, selection.record.name.as_str())).copied();
                opened.place(selection, kept)
            });
            let packages = packages.filter_map(Result::transpose).collect::<Result<_, _>>();
            let packages = packages.map_err(|error| SourceError::Index { source: Box::new(error) })?;
            Ok(Choice { packages, lacking: opened.lacking, older })
        });
        choices.collect()
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

    /// Returns a package with the place that it is taken from: that of an earlier choice, where the very same file is listed there still. A file
    /// may be in two suites for a time, as happens with updates at a point release.
    fn place(&self, selection: &Selection, kept: Option<&ChosenPackage>) -> Result<Option<ChosenPackage>, IndexError> {
        let Selection { record: chosen, index } = selection;
        if let Some(kept) = kept {
            let is_it = |record: &PackageRecord| {
                let facts = |record: &PackageRecord| (record.sha256.clone(), record.version.clone(), record.size);
                record.filename == kept.path && facts(record) == facts(chosen)
            };
            for (listed, index) in self.indexes.iter().filter(|(listed, _)| listed.source.suite == kept.suite) {
                if let Some(record) = index.named(&chosen.name)?.iter().find(|record| is_it(record)) {
                    return Ok(Some(package(record, listed)));
                }
            }
        }
        Ok(self.indexes.get(*index).map(|(listed, _)| package(chosen, listed)))
    }

    fn offer(&self, archive: &Archive<'_>) -> Offer {
        let last_resort = |listed: &Listed<'_>| listed.release.release.not_automatic;
        let indexes = self.indexes.iter().map(|(listed, index)| (index.clone(), last_resort(listed))).collect();
        Offer { architecture: archive.architecture, indexes }
    }
}

fn package(record: &PackageRecord, listed: &Listed<'_>) -> ChosenPackage {
    ChosenPackage::new(record, &listed.source.suite, &listed.release.release, base(&listed.source.uri))
}

/// Returns what was chosen from.
fn consulted(archive: &Archive<'_>, choice: &Choice) -> Vec<ResourceDescriptor> {
    let releases =
        archive.releases.iter().map(|(name, release)| ResourceDescriptor::named(name, None, &release.digest));
    let indexes = archive.listed.iter().enumerate().filter(|(number, _)| !choice.lacking.contains(number));
    releases.chain(indexes.map(|(_, listed)| ResourceDescriptor::named(listed.name(), None, &listed.digest))).collect()
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
