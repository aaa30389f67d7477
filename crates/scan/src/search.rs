use crate::component::Component;
use crate::entry::{Entry, RawEntry, Stored, decode_details};
use crate::format::{Decoder, Section};
use crate::matching::{Hit, Package};
use crate::range::AffectedVersions;
use crate::record::Event;
use crate::{Database, DatabaseError, SearchError};
use consign_receipt::{Epss, FixStatus, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most versions of a list that are shown.
const LISTED_LIMIT: usize = 5;

/// An advisory that somebody looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundAdvisory {
    /// Its own name.
    pub id: String,
    /// The other names of the same advisory.
    pub aliases: Vec<String>,
    /// What it is about, in a line.
    pub summary: String,
    /// The worst that anybody says of it, for any package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What it is if it is no vulnerability, such as `unmaintained`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub informational: Option<String>,
    /// When it was last changed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// When it was taken back, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// The day since which it is known to be exploited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_exploited: Option<String>,
    /// How likely somebody exploits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// The feeds that it is from.
    pub sources: Vec<String>,
    /// The packages that it is about, as far as they were asked for.
    pub packages: Vec<FoundPackage>,
    /// Pages about it.
    pub references: Vec<String>,
}

/// A package that an advisory is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundPackage {
    /// Where it comes from, in the words of the OSV schema.
    pub ecosystem: String,
    /// Its name.
    pub package: String,
    /// Which versions are affected: `< 1.2`.
    pub versions: String,
    /// What its publisher does about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FixStatus>,
}

/// What was found so far, by number of the record.
type Found = BTreeMap<u64, Vec<(String, String, RawEntry)>>;

impl Database {
    /// Finds advisories by a name of theirs, a package's name, or a package URL. With a version in it, only those that match it.
    pub fn search(&self, query: &str) -> Result<Vec<FoundAdvisory>, SearchError> {
        if query.starts_with("pkg:") {
            return self.search_package(query);
        }
        let read = |item: &mut Decoder<'_>| item.list::<_, BTreeSet<u64>>(Decoder::number);
        let named = self.file.find(Section::Names, query.to_ascii_lowercase().as_bytes(), read)?;
        let mut found: Found = named.iter().flatten().map(|record| (*record, Vec::new())).collect();
        self.file.each(Section::Packages, |item| {
            let key = String::from_utf8_lossy(item.bytes()?).into_owned();
            let (ecosystem, package) = key.split_once('\0').unwrap_or((&key, ""));
            let is_package = named.is_none() && package.eq_ignore_ascii_case(query);
            for entry in item.list::<_, Vec<_>>(RawEntry::decode)? {
                if is_package || named.as_ref().is_some_and(|named| named.contains(&entry.record)) {
                    let place = (ecosystem.to_owned(), package.to_owned(), entry);
                    found.entry(place.2.record).or_default().push(place);
                }
            }
            Ok(())
        })?;
        let mut advisories = Vec::new();
        for (number, places) in found {
            let record = Arc::new(self.record(number)?);
            let entries = places
                .into_iter()
                .map(|(ecosystem, package, raw)| Ok((ecosystem, package, self.entry(raw, record.clone())?)));
            let entries: Vec<_> = entries.collect::<Result<_, DatabaseError>>()?;
            advisories.push(self.found(number, &record, &entries)?);
        }
        let number = query.to_ascii_uppercase();
        if advisories.is_empty()
            && let Some(known) = self.vulnerability(&number)?
        {
            advisories.push(FoundAdvisory {
                id: number,
                summary: known.title.clone(),
                severity: known.rating().severity,
                known_exploited: known.known_exploited,
                epss: known.epss.map(|(_, epss)| epss),
                ..FoundAdvisory::default()
            });
        }
        Ok(advisories)
    }

    /// Finds what a scan of the package would: with a version, only what matches it.
    fn search_package(&self, purl: &str) -> Result<Vec<FoundAdvisory>, SearchError> {
        let component = Component::of_purl(purl).ok_or_else(|| SearchError::PackageUrl { text: purl.to_owned() })?;
        let installed = BTreeSet::from([component.installed.clone()]);
        let mut hits: BTreeMap<u64, Vec<Hit>> = BTreeMap::new();
        for hit in self.hits(&Package::from(&component), &installed, None)? {
            hits.entry(hit.entry.number).or_default().push(hit);
        }
        let found = hits.into_iter().map(|(number, hits)| {
            let record = hits[0].entry.record.clone();
            let places = hits.into_iter().map(|hit| (hit.place.0.to_string(), hit.place.1, hit.entry));
            Ok(self.found(number, &record, &places.collect::<Vec<_>>())?)
        });
        found.collect()
    }

    fn found(
        &self,
        number: u64,
        record: &Stored,
        places: &[(String, String, Entry)],
    ) -> Result<FoundAdvisory, DatabaseError> {
        let (_, details) = self.file.item(Section::Details, number, decode_details)?;
        let mut rating = record.rating.clone();
        places.iter().for_each(|(_, _, entry)| rating.join(&entry.rating));
        let mut advisory = FoundAdvisory {
            id: record.id.clone(),
            aliases: record
                .names
                .all
                .union(&record.names.numbers)
                .filter(|name| **name != record.id)
                .cloned()
                .collect(),
            summary: details.summary,
            modified: record.changed.map(|time| time.to_string()),
            withdrawn: record.withdrawn.map(|time| time.to_string()),
            references: details.references,
            sources: self.feed_names(&record.feeds.iter().copied().collect()).map(str::to_owned).collect(),
            ..FoundAdvisory::default()
        };
        for number in &record.names.numbers {
            let Some(known) = self.vulnerability(number)? else { continue };
            rating.join(&known.rating());
            let days = advisory.known_exploited.take().into_iter().chain(known.known_exploited);
            advisory.known_exploited = days.min();
            advisory.epss = advisory.epss.max(known.epss.map(|(_, epss)| epss));
            if advisory.summary.is_empty() {
                advisory.summary = known.title;
            }
        }
        advisory.severity = rating.severity;
        advisory.informational = rating.informational();
        let packages = places.iter().map(|(ecosystem, package, entry)| FoundPackage {
            ecosystem: ecosystem.clone(),
            package: package.clone(),
            versions: versions(&entry.versions),
            status: entry.status,
        });
        advisory.packages = packages.collect::<BTreeSet<_>>().into_iter().collect();
        Ok(advisory)
    }
}

/// Returns versions in words: `< 1.2; 2.0 to < 2.4`.
fn versions(versions: &AffectedVersions) -> String {
    let event = |event: &Event| match event {
        Event::Introduced(version) if &**version == "0" => None,
        Event::Introduced(version) => Some(format!(">= {version}")),
        Event::Fixed(version) => Some(format!("< {version}")),
        Event::LastAffected(version) => Some(format!("<= {version}")),
        Event::Limit(version) => Some(format!("before {version}")),
        Event::Several => Some("not understood".to_owned()),
    };
    let range = |events: &[Event]| match events.iter().filter_map(event).collect::<Vec<_>>() {
        _ if events.is_empty() => "not understood".to_owned(),
        words if words.is_empty() => "all".to_owned(),
        words => words.join(", "),
    };
    let mut texts: Vec<String> = versions.ranges.iter().map(|events| range(events)).collect();
    if !versions.listed.is_empty() {
        let more = if versions.listed.len() > LISTED_LIMIT { ", …" } else { "" };
        let listed: Vec<&str> = versions.listed.iter().take(LISTED_LIMIT).map(|version| &**version).collect();
        texts.push(format!("= {}{more}", listed.join(", ")));
    }
    texts.join("; ")
}
