//! Which packages an image gets. The choice is kept by what it follows from, so that nothing is unpacked and searched twice.

use super::archive::{Archive, Listed, base};
use super::source_error::SourceError;
use crate::request::Request;
use crate::specification::PackagesSpecification;
use consign_oci::Digest;
use consign_package::deb::{
    PackageRecord, Paragraph, Preferred, Relation, Release, Request as Asked, Searched, Target, debian_architecture,
    purl, resolve,
};
use consign_receipt::predicate::ResourceDescriptor;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Names what this room chooses of the same indexes: raise it when that changes.
const FORMAT: u32 = 2;

/// What is to be installed, and from where.
pub(crate) struct Selected {
    /// Sorted by name, each with the address that its path is under.
    pub(crate) records: Vec<(PackageRecord, String)>,
    /// Release files, indexes and packages.
    pub(crate) dependencies: Vec<ResourceDescriptor>,
    pub(crate) warnings: Vec<String>,
}

/// The result of a choice. Indexes are numbered as the archive lists them.
struct Choice {
    /// Indexes that were to be had nowhere.
    lacking: Vec<usize>,
    /// Packages, each with the index that it is from.
    packages: Vec<(usize, PackageRecord)>,
}

/// A choice as the store keeps it: packages are what their indexes say of them.
#[derive(Serialize, Deserialize)]
struct Kept {
    lacking: Vec<usize>,
    packages: Vec<(usize, String)>,
}

impl Kept {
    fn of(choice: &Choice) -> Self {
        let packages = choice.packages.iter().map(|(index, record)| (*index, record.paragraph.text().to_owned()));
        Self { lacking: choice.lacking.clone(), packages: packages.collect() }
    }

    fn restore(self) -> Option<Choice> {
        let record = |text: &str| PackageRecord::from_paragraph(Paragraph::parse(text).ok()?).ok();
        let packages = self.packages.iter().map(|(index, text)| Some((*index, record(text)?)));
        Some(Choice { packages: packages.collect::<Option<_>>()?, lacking: self.lacking })
    }
}

/// Finds the packages for a platform.
pub(crate) async fn select(
    specification: &PackagesSpecification,
    request: &Request<'_>,
) -> Result<Selected, SourceError> {
    let (sources, platform) = (request.sources, request.platform);
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
        fetcher: request.fetcher,
        architecture,
        now: request.now,
        releases: Vec::new(),
        listed: Vec::new(),
        warnings: Vec::new(),
    };
    for (place, source) in candidates {
        archive.add(place, source).await?;
    }
    if !archive.listed.iter().any(|listed| listed.source.suite == *suite) {
        return Err(SourceError::NoArchitecture { suite: suite.clone(), architecture: architecture.to_owned() });
    }
    let key = archive.key(specification);
    let choice = match archive.kept(&key, request).await? {
        Some(choice) => choice,
        None => {
            let choice = archive.choose(specification, request).await?;
            request.store.put_step(&key, &Kept::of(&choice))?;
            choice
        }
    };
    archive.selected(choice)
}

impl Archive<'_> {
    /// Returns the digest of everything that decides what is chosen.
    fn key(&self, specification: &PackagesSpecification) -> Digest {
        let index = |listed: &Listed<'_>| {
            json!([listed.source.uri, listed.name(), listed.digest, listed.release.release.not_automatic])
        };
        let indexes: Vec<_> = self.listed.iter().map(index).collect();
        let all = json!({
            "step": "select",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "architecture": self.architecture,
            "packages": specification.packages,
            "indexes": indexes,
        });
        Digest::of(all.to_string().as_bytes())
    }

    /// Returns what was chosen before, unless an index has come that was lacking then.
    async fn kept(&self, key: &Digest, request: &Request<'_>) -> Result<Option<Choice>, SourceError> {
        if !request.reuse {
            return Ok(None);
        }
        let Some(choice) = request.store.step::<Kept>(key)?.and_then(Kept::restore) else { return Ok(None) };
        if choice.packages.iter().any(|(number, _)| *number >= self.listed.len()) {
            return Ok(None);
        }
        for number in &choice.lacking {
            match self.listed.get(*number) {
                Some(listed) if self.bytes(listed).await?.is_none() => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(choice))
    }

    async fn choose(
        &self,
        specification: &PackagesSpecification,
        request: &Request<'_>,
    ) -> Result<Choice, SourceError> {
        let wanted = specification.packages.iter().map(|text| {
            Relation::wanted(text).map_err(|error| SourceError::Wanted { text: text.clone(), source: error })
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let (mut indexes, mut lacking) = (Vec::new(), Vec::new());
        for (number, listed) in self.listed.iter().enumerate() {
            match self.read(listed).await? {
                Some(index) => indexes.push((number, index)),
                None => lacking.push(number),
            }
        }
        let searched: Vec<Searched<'_>> = indexes
            .iter()
            .filter_map(|(number, index)| {
                let last_resort = self.listed.get(*number)?.release.release.not_automatic;
                Some(Searched { index, last_resort })
            })
            .collect();
        let target = Target { architecture: self.architecture, indexes: &searched };
        let asked = Asked { wanted: &wanted, recommends: false, preferred: &Preferred::new() };
        let selections = resolve(&[target], &asked)
            .map_err(|error| SourceError::Resolve { platform: request.platform.clone(), source: Box::new(error) })?;
        let packages = selections.into_iter().flatten().filter_map(|selection| {
            let (number, _) = indexes.get(selection.index)?;
            Some((*number, selection.record))
        });
        Ok(Choice { packages: packages.collect(), lacking })
    }

    fn selected(self, choice: Choice) -> Result<Selected, SourceError> {
        let releases = self.releases.iter().map(|(name, release)| depend(name.clone(), None, &release.digest));
        let mut dependencies: Vec<ResourceDescriptor> = releases.collect();
        let mut warnings = self.warnings;
        for (number, listed) in self.listed.iter().enumerate() {
            if !choice.lacking.contains(&number) {
                dependencies.push(depend(listed.name(), None, &listed.digest));
                continue;
            }
            warnings.push(format!(
                "passed over `{}` for {}: the source in {} does not have the index that its own release file names, so none of its packages is used",
                listed.source.suite, self.architecture, listed.source.declared
            ));
        }
        let mut records = Vec::new();
        for (index, record) in choice.packages {
            let Some(listed) = self.listed.get(index) else { continue };
            let url = package_url(&record, &listed.release.release);
            dependencies.push(depend(record.filename.clone(), Some(url), &record.sha256));
            records.push((record, base(&listed.source.uri).to_owned()));
        }
        dependencies.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Selected { records, dependencies, warnings })
    }
}

fn depend(name: String, uri: Option<String>, digest: &Digest) -> ResourceDescriptor {
    let digest = BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())]);
    ResourceDescriptor { name: Some(name), uri, digest }
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
