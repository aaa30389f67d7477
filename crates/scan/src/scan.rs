use crate::component::Component;
use crate::coverage::Part;
use crate::ecosystem::Ecosystem;
use crate::grouping::{Match, grouped};
use crate::lifetime::lifetime;
use crate::listed::{Listed, distribution, unlisted};
use crate::matching::Package;
use crate::{Database, ScanError};
use consign_oci::{Digest, Platform};
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

/// Why nobody knows whether an archive of Java is affected.
const NO_GROUP: &str = "nothing says of which group it is";

/// The image that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Digest of the manifest of this platform.
    pub digest: &'a Digest,
    /// What it runs on; `None`: nobody says.
    pub platform: Option<&'a Platform>,
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

/// Compares the packages of an image with a database, and states all that matches. The same image and records give the same bytes.
pub fn scan(subject: &Subject<'_>, database: &Database) -> Result<Receipt, ScanError> {
    let mut packages: BTreeMap<Package, Installed> = BTreeMap::new();
    let mut parts: BTreeMap<Part, usize> = BTreeMap::new();
    let listed = Listed::of(subject.sbom)?;
    for (number, component) in listed.components.iter().enumerate() {
        let part = database.part(&listed, number, component)?;
        // What packages of the distribution brought is judged by the distribution alone.
        if !part.is_owned() {
            let Component { installed, purl, .. } = component;
            let known = packages.entry(Package::from(component)).or_default();
            known.names.insert(installed.clone());
            known.purls.insert(purl.clone());
        }
        *parts.entry(part).or_default() += 1;
    }
    let mut found: Vec<(Finding, BTreeSet<SeverityScore>)> = Vec::new();
    for (package, installed) in &packages {
        let hits = database.hits(package, &installed.names, subject.platform)?;
        for hit in grouped(&hits, package.comparison()) {
            found.push(finding(database, package, installed, hit)?);
        }
    }
    found.sort();
    let unlisted = unlisted(subject.sbom).into_iter();
    let unlisted = unlisted.map(|ecosystem| Coverage { ecosystem, packages: 0, covered: false, foreign: false });
    let time = holds_from(subject, database.newest());
    let claim = Vulnerabilities {
        scanner: Scanner {
            uri: SCANNER.to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            db: AdvisoryDatabase {
                uri: Some(format!("{DATABASE}{}", database.digest())),
                version: Some(database.digest().to_string()),
                last_update: database.changed(Part::asked(&parts)).to_string(),
            },
            result: found.into_iter().map(|(finding, stated)| FoundVulnerability::new(finding, stated)).collect(),
        },
        metadata: ScanMetadata { scan_started_on: time.clone(), scan_finished_on: time },
        coverage: parts.iter().map(|(part, packages)| part.coverage(*packages)).chain(unlisted).collect(),
        lifetime: distribution(subject.sbom).and_then(|(name, version)| lifetime(name, version)),
    };
    let claim = serde_json::to_value(claim)?;
    Ok(Receipt::derived(Statement::new(subject.digest, predicate::VULNERABILITIES, claim))?)
}

/// Says what was found, with what is known of the vulnerability beside.
fn finding(
    database: &Database,
    package: &Package,
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
        package: package.name.clone(),
        version: package.version.clone(),
        advisory: hit.name,
        aliases: hit.aliases,
        severity: hit.rating.severity,
        severity_unread: hit.rating.unread,
        fixed: hit.fixed,
        installed: installed.names.iter().cloned().collect(),
        undetermined: hit.undetermined,
        doubt: (package.ecosystem == Ecosystem::Groupless).then(|| NO_GROUP.to_owned()),
        informational: hit.rating.informational(),
        status: hit.status,
        known_exploited,
        epss,
        purls: installed.purls.iter().cloned().collect(),
        sources: sources.into_iter().map(str::to_owned).collect(),
    };
    Ok((finding, hit.rating.stated))
}

/// Returns the earliest time at which the comparison with records, the newest of which is of this time, can have been made.
pub(crate) fn holds_from(subject: &Subject<'_>, newest: Timestamp) -> String {
    let created = subject.created.and_then(|created| created.parse::<Timestamp>().ok());
    created.max(Some(newest)).unwrap_or_default().to_string()
}
