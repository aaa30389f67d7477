use crate::component::Component;
use crate::ecosystem::Ecosystem;
use crate::grouping::{Hit, Match, grouped};
use crate::lifetime::lifetime;
use crate::module::of_stream;
use crate::range::Effect;
use crate::{Database, ScanError};
use consign_oci::Digest;
use consign_receipt::predicate::{
    self, AdvisoryDatabase, FoundVulnerability, ScanMetadata, Scanner, SeverityScore, Vulnerabilities,
};
use consign_receipt::{Coverage, Finding, Receipt, Statement};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names the scanner, as provenance names the builder.
const SCANNER: &str = "https://consign.dev/scanner/v1";
/// Databases are named by what is in them; it is only a name.
const DATABASE: &str = "https://consign.dev/advisories/";

/// The image that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Digest of the manifest of this platform.
    pub digest: &'a Digest,
    /// What is in it: an SPDX document.
    pub sbom: &'a Value,
    /// When it was made, RFC 3339.
    pub created: Option<&'a str>,
}

/// What is installed of one package, under whatever names.
#[derive(Debug, Default)]
struct Installed {
    names: BTreeSet<String>,
    purls: BTreeSet<String>,
}

/// What tells packages apart that advisories may be about: ecosystem, name, version and module.
type Key = (Ecosystem, String, String, Option<String>);

/// Compares the packages of an image with a database, and states all that matches. The same image and records give the same bytes.
pub fn scan(subject: &Subject<'_>, database: &Database) -> Result<Receipt, ScanError> {
    let mut packages: BTreeMap<Key, Installed> = BTreeMap::new();
    let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    // What packages of the distribution brought is judged by the distribution alone.
    let mut owned: BTreeMap<(Ecosystem, Ecosystem), usize> = BTreeMap::new();
    for component in Component::all(subject.sbom)? {
        let Component { ecosystem, package, version, installed, module, purl, owner } = component;
        if let Some(owner) = owner {
            *owned.entry((owner, ecosystem)).or_default() += 1;
            continue;
        }
        *counts.entry(ecosystem.clone()).or_default() += 1;
        let known = packages.entry((ecosystem, package, version, module)).or_default();
        known.names.insert(installed);
        known.purls.insert(purl);
    }
    let mut found: Vec<(Finding, BTreeSet<SeverityScore>)> = Vec::new();
    for (key, installed) in &packages {
        for hit in hits(database, key, installed)? {
            found.push(finding(database, key, installed, hit)?);
        }
    }
    found.sort();
    let covered = |(ecosystem, packages): (Ecosystem, usize)| Coverage {
        covered: database.covers(&ecosystem),
        ecosystem: ecosystem.to_string(),
        packages,
    };
    let in_packages = |((owner, ecosystem), packages): ((Ecosystem, Ecosystem), usize)| Coverage {
        covered: database.covers(&owner),
        ecosystem: format!("{ecosystem} in packages of {owner}"),
        packages,
    };
    let unlisted = Component::unlisted(subject.sbom).into_iter();
    let unlisted = unlisted.map(|ecosystem| Coverage { ecosystem, packages: 0, covered: false });
    let time = holds_from(subject, database);
    let claim = Vulnerabilities {
        scanner: Scanner {
            uri: SCANNER.to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            db: AdvisoryDatabase {
                uri: Some(format!("{DATABASE}{}", database.digest())),
                version: Some(database.digest().to_string()),
                last_update: database.changed(counts.keys()).to_string(),
            },
            result: found.into_iter().map(|(finding, stated)| FoundVulnerability::new(finding, stated)).collect(),
        },
        metadata: ScanMetadata { scan_started_on: time.clone(), scan_finished_on: time },
        coverage: counts.into_iter().map(covered).chain(owned.into_iter().map(in_packages)).chain(unlisted).collect(),
        lifetime: Component::distribution(subject.sbom).and_then(|(name, version)| lifetime(name, version)),
    };
    let claim = serde_json::to_value(claim)?;
    Ok(Receipt::derived(Statement::new(subject.digest, predicate::VULNERABILITIES, claim))?)
}

fn hits(database: &Database, key: &Key, installed: &Installed) -> Result<Vec<Match>, ScanError> {
    let (ecosystem, package, version, module) = key;
    let mut names = BTreeSet::from([package]);
    if matches!(ecosystem, Ecosystem::Distribution(family, _) if family.is_by_both()) {
        names.extend(&installed.names);
    }
    let mut entries = Vec::new();
    for name in names {
        let about = database.about(ecosystem, name)?;
        entries.extend(if ecosystem.has_modules() { of_stream(about, version, module.as_deref()) } else { about });
    }
    let order = ecosystem.order();
    let hits = entries.iter().filter_map(|entry| {
        let hit = |fixed, undetermined| Some(Hit { entry, fixed, undetermined });
        match entry.versions.effect(version, order) {
            Effect::Affected(fixed) => hit(fixed, false),
            Effect::Unknown => hit(None, true),
            Effect::NotAffected => None,
        }
    });
    Ok(grouped(hits.collect(), order))
}

/// Says what was found, with what is known of the vulnerability beside.
fn finding(
    database: &Database,
    (_, package, version, _): &Key,
    installed: &Installed,
    mut hit: Match,
) -> Result<(Finding, BTreeSet<SeverityScore>), ScanError> {
    let mut known_exploited: Option<String> = None;
    let mut epss = None;
    for number in &hit.numbers {
        let Some(known) = database.vulnerability(number)? else { continue };
        hit.rating.join(&known.rating());
        let days = known_exploited.take().into_iter().chain(known.known_exploited);
        known_exploited = days.min();
        epss = epss.max(known.epss.map(|(_, epss)| epss));
    }
    let sources: BTreeSet<&str> = database.feed_names(&hit.feeds).collect();
    let finding = Finding {
        package: package.clone(),
        version: version.clone(),
        advisory: hit.name,
        aliases: hit.aliases,
        severity: hit.rating.severity,
        severity_unread: hit.rating.unread,
        fixed: hit.fixed,
        installed: installed.names.iter().cloned().collect(),
        undetermined: hit.undetermined,
        status: hit.status,
        known_exploited,
        epss,
        purls: installed.purls.iter().cloned().collect(),
        sources: sources.into_iter().map(str::to_owned).collect(),
    };
    Ok((finding, hit.rating.stated))
}

/// Returns the earliest time at which the comparison can have been made.
fn holds_from(subject: &Subject<'_>, database: &Database) -> String {
    let created = subject.created.and_then(|created| created.parse::<Timestamp>().ok());
    created.max(Some(database.newest())).unwrap_or_default().to_string()
}
