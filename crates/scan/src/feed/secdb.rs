use super::{Failure, digest_of};
use crate::DatabaseError;
use crate::advisory::{Advisory, Affected, Details};
use crate::ecosystem::Ecosystem;
use crate::family::Family;
use crate::names::{Names, number};
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::reach::Reach;
use crate::reading::Reading;
use crate::record::options;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version that says that a package never was affected.
const NEVER: &str = "0";

/// A security database as Alpine, Wolfi and Chainguard publish it: by source package and version what that version fixes.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    reponame: Option<String>,
    #[serde(default)]
    distroversion: Option<String>,
    #[serde(default)]
    urlprefix: Option<String>,
    #[serde(default)]
    packages: Option<Vec<Item>>,
}

#[derive(Debug, Deserialize)]
struct Item {
    pkg: Package,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    secfixes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Database {
    feed: String,
    ecosystem: Ecosystem,
    packages: Vec<Package>,
}

pub(super) fn read(bytes: &[u8], is_yaml: bool) -> Result<Database, Failure> {
    let document: Document = if is_yaml {
        let text = std::str::from_utf8(bytes)?;
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| error.without_snippet().to_string())?
    } else {
        serde_json::from_slice(bytes)?
    };
    let packages: Vec<Package> = document.packages.unwrap_or_default().into_iter().map(|item| item.pkg).collect();
    if !packages.iter().flat_map(Package::fixes).any(|has_fix| has_fix) {
        return Err("it names no fix of any package: it may be cut off".into());
    }
    // YAML has no end mark: what lies before one that is cut off in the middle of a list reads like a whole.
    let is_whole = |last: &Package| last.fixes().next().is_some() && last.fixes().all(|has_fix| has_fix);
    if is_yaml && !(bytes.ends_with(b"\n") && packages.last().is_some_and(is_whole)) {
        return Err("a version of its last package has no fix, or its last line no end: it may be cut off".into());
    }
    let repository = document.reponame.unwrap_or_default();
    let (family, release) = match document.distroversion.filter(|release| !release.is_empty()) {
        Some(release) => (Family::Alpine, Some(release)),
        None => (family(document.urlprefix.as_deref().unwrap_or_default())?, None),
    };
    let ecosystem = Ecosystem::Distribution(family, release.as_deref().and_then(|release| family.release(release)));
    let feed = format!("{} secdb {} {repository}", family.name(), release.unwrap_or_default());
    let feed = feed.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Database { feed, ecosystem, packages })
}

impl Package {
    /// Returns of each of its versions whether it names anything that it fixes.
    fn fixes(&self) -> impl Iterator<Item = bool> {
        let versions = self.secfixes.iter().flat_map(BTreeMap::values);
        versions.map(|fixes| fixes.iter().flatten().any(|text| !text.trim().is_empty()))
    }
}

/// Databases without a release say whose they are only by where the packages lie.
fn family(prefix: &str) -> Result<Family, Failure> {
    let hosts = [("wolfi.dev", Family::Wolfi), ("cgr.dev", Family::Chainguard), ("chainguard", Family::Chainguard)];
    let found = hosts.into_iter().find(|(host, _)| prefix.contains(host));
    found
        .map(|(_, family)| family)
        .ok_or_else(|| "neither `distroversion` nor `urlprefix` says whose packages they are".into())
}

impl Database {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        let Self { feed, ecosystem, packages } = self;
        reading.feed(&feed, None).about.insert(ecosystem.key());
        let feeds = BTreeSet::from([feed.clone()]);
        for package in packages {
            reading.list(place, &ecosystem, &ecosystem.name(&package.name))?;
            for (version, fixes) in package.secfixes.unwrap_or_default() {
                for text in fixes.unwrap_or_default() {
                    for names in advisories(&text) {
                        let digest = digest_of(&[&feed, &package.name, &version, &names.join(" ")]);
                        let advisory = advisory(&ecosystem, &package.name, &version, names);
                        reading.advisory(place, &feeds, digest, advisory)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns the names of each advisory in a text such as `CVE-2019-1 GHSA-x ??? (BGP)`: a number for each, with what else stands there. Names
/// have a hyphen and a digit; numbers that were not given yet have question marks; the rest are remarks.
fn advisories(text: &str) -> Vec<Vec<String>> {
    let words: Vec<&str> = text.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty()).collect();
    let is_name = |word: &&str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let is_numbered = word.bytes().any(|byte| byte.is_ascii_digit()) || word.starts_with("GHSA-");
        word.bytes().all(is_known) && word.contains('-') && is_numbered
    };
    let names = words.iter().copied().filter(is_name).map(|word| match word.strip_prefix("CVE_") {
        Some(number) => format!("CVE-{number}"),
        None => word.to_owned(),
    });
    let (numbers, others): (Vec<String>, Vec<String>) = names.partition(|word| number(word).is_some());
    match (numbers.len(), others.len()) {
        (0, 0) if words.is_empty() => Vec::new(),
        (0, 0) => vec![vec![words.join(" ")]],
        (0, _) => vec![others],
        _ => numbers.into_iter().map(|number| [&[number], &others[..]].concat()).collect(),
    }
}

fn advisory(ecosystem: &Ecosystem, package: &str, version: &str, names: Vec<String>) -> Advisory {
    let id = names.first().cloned().unwrap_or_default();
    let versions = AffectedVersions::until(Some(version));
    let affected = Affected {
        ecosystem: ecosystem.clone(),
        package: ecosystem.name(package),
        rating: Rating::default(),
        versions,
        status: None,
        reach: Reach::default(),
    };
    Advisory {
        names: Names::of(&id, names.get(1..).unwrap_or_default(), &[]),
        id,
        changed: None,
        withdrawn: None,
        rating: Rating::default(),
        streams: Vec::new(),
        affected: if version == NEVER { Vec::new() } else { vec![affected] },
        details: Details::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_have_several_names() {
        for (text, expected) in [
            ("CVE-2019-1", &["CVE-2019-1"][..]),
            ("CVE-2019-1 GHSA-2 ???", &["CVE-2019-1 GHSA-2"]),
            ("CVE-????-?????  XSA-295", &["XSA-295"]),
            ("CVE-2019-1 CVE-2019-2 XSA-3", &["CVE-2019-1 XSA-3", "CVE-2019-2 XSA-3"]),
            ("CVE-????-?????", &["CVE-????-?????"]),
            ("ZBX-11023", &["ZBX-11023"]),
            ("CVE-2018-14881 (BGP)", &["CVE-2018-14881"]),
            ("CVE-2018-14466 (AFS/RX-2)", &["CVE-2018-14466"]),
            ("CVE_2019-2426", &["CVE-2019-2426"]),
            (" ", &[]),
        ] {
            let found: Vec<String> = advisories(text).iter().map(|names| names.join(" ")).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
