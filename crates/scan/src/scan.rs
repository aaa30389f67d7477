use crate::component::Component;
use crate::ecosystem::Ecosystem;
use crate::grouping::{Hit, Match, grouped};
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

/// Compares the packages of an image with a database, and states all that matches. The same image and records give the same bytes.
pub fn scan(subject: &Subject<'_>, database: &Database) -> Result<Receipt, ScanError> {
    let mut packages: BTreeMap<(Ecosystem, String, String), BTreeSet<String>> = BTreeMap::new();
    let mut counts: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for Component { ecosystem, package, version, installed } in Component::all(subject.sbom)? {
        *counts.entry(ecosystem.clone()).or_default() += 1;
        packages.entry((ecosystem, package, version)).or_default().insert(installed);
    }
    let mut found: Vec<(Finding, BTreeSet<SeverityScore>)> = Vec::new();
    for ((ecosystem, package, version), installed) in &packages {
        for hit in hits(database, ecosystem, package, version) {
            let finding = Finding {
                package: package.clone(),
                version: version.clone(),
                advisory: hit.name,
                aliases: hit.aliases,
                severity: hit.rating.severity,
                severity_unread: hit.rating.unread,
                fixed: hit.fixed.map(|fixed| fixed.to_string()),
                installed: installed.iter().cloned().collect(),
                undetermined: hit.undetermined,
            };
            found.push((finding, hit.rating.stated));
        }
    }
    found.sort();
    let covered = |(ecosystem, packages): (Ecosystem, usize)| Coverage {
        covered: database.covers(&ecosystem),
        ecosystem: ecosystem.to_string(),
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
        coverage: counts.into_iter().map(covered).chain(unlisted).collect(),
    };
    let claim = serde_json::to_value(claim)?;
    Ok(Receipt::derived(Statement::new(subject.digest, predicate::VULNERABILITIES, claim))?)
}

fn hits(database: &Database, ecosystem: &Ecosystem, package: &str, version: &str) -> Vec<Match> {
    let hits = database.about(ecosystem, package).filter_map(|entry| {
        let hit = |fixed, undetermined| Some(Hit { entry, fixed, undetermined });
        match entry.versions.effect(version) {
            Effect::Affected(fixed) => hit(fixed, false),
            Effect::Unknown => hit(None, true),
            Effect::NotAffected => None,
        }
    });
    grouped(hits.collect())
}

/// Returns the earliest time at which the comparison can have been made.
fn holds_from(subject: &Subject<'_>, database: &Database) -> String {
    let created = subject.created.and_then(|created| created.parse::<Timestamp>().ok());
    created.max(Some(database.newest())).unwrap_or_default().to_string()
}
