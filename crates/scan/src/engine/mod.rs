//! What other scanners found, in the words of a receipt.

mod found;
mod grype;
mod trivy;

use crate::lifetime::lifetime;
use crate::listed::{Listed, distribution};
use crate::scan::holds_from;
use crate::{ScanError, Subject};
use consign_receipt::predicate::{self, AdvisoryDatabase, ScanMetadata, Scanner, Vulnerabilities};
use consign_receipt::{Coverage, Engine, Receipt, Statement};
use found::Found;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// What another scanner wrote about one platform of an image.
#[derive(Clone, Copy, Debug)]
pub struct EngineReport<'a> {
    /// Who wrote it.
    pub engine: Engine,
    /// What was found: of trivy its JSON with all packages (schema 2), of grype its JSON.
    pub report: &'a [u8],
    /// What the report does not say: of trivy `version --format json`, of grype the CycloneDX document of the same run.
    pub aside: &'a [u8],
}

/// What a report says, whoever wrote it.
struct Told {
    version: Option<String>,
    database: AdvisoryDatabase,
    /// How many packages it looked at, by type of their package URLs.
    packages: BTreeMap<String, usize>,
    found: Vec<Found>,
}

/// Returns the receipt of what another scanner found. How many packages it looked at is what it says itself; kinds of which consign lists packages, and
/// it none, were not compared. Until when the distribution is looked after is what consign knows.
pub fn engine_receipt(subject: &Subject<'_>, written: &EngineReport<'_>) -> Result<Receipt, ScanError> {
    let told = match written.engine {
        Engine::Trivy => trivy::told(written)?,
        Engine::Grype => grype::told(written)?,
    };
    let newest = told.database.last_update.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let time = holds_from(subject, newest);
    let claim = Vulnerabilities {
        scanner: Scanner {
            uri: written.engine.uri().to_owned(),
            version: told.version,
            db: told.database,
            result: found::joined(told.found),
        },
        metadata: ScanMetadata { scan_started_on: time.clone(), scan_finished_on: time },
        coverage: coverage(told.packages, &Listed::of(subject.sbom)?),
        lifetime: distribution(subject.sbom).and_then(|(name, version)| lifetime(name, version)),
    };
    let claim = serde_json::to_value(claim)?;
    Ok(Receipt::derived(Statement::new(subject.digest, predicate::VULNERABILITIES, claim))?)
}

fn coverage(looked_at: BTreeMap<String, usize>, listed: &Listed) -> Vec<Coverage> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, component) in listed.components.iter().enumerate() {
        // What a distribution's package brought is the distribution's to judge: a scanner need not look at it.
        if let Some(kind) = kind(&component.purl).filter(|_| listed.owners(number).next().is_none()) {
            *left.entry(kind).or_default() += 1;
        }
    }
    let left = left.into_iter().filter(|(kind, _)| !looked_at.contains_key(*kind));
    let left: Vec<_> = left.map(|(kind, packages)| (kind.to_owned(), packages, false)).collect();
    let looked_at = looked_at.into_iter().map(|(kind, packages)| (kind, packages, true));
    let parts = looked_at.chain(left).map(|(ecosystem, packages, covered)| Coverage {
        ecosystem,
        packages,
        covered,
        foreign: false,
    });
    parts.collect()
}

/// Returns the type of a package URL (purl-spec, "Rules for each purl component").
fn kind(purl: &str) -> Option<&str> {
    purl.strip_prefix("pkg:")?.split_once('/').map(|(kind, _)| kind)
}

/// Reads a document.
fn read<'a, T: Deserialize<'a>>(engine: Engine, what: &'static str, bytes: &'a [u8]) -> Result<T, ScanError> {
    serde_json::from_slice(bytes).map_err(|source| ScanError::Engine { engine, what, source })
}

/// Reads a list, which Go writes as `null` where it has nothing.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Returns the time at which a database was last changed, or 1970 where nobody says: it is then of unknown age.
fn changed(stated: Option<String>) -> String {
    let time = stated.and_then(|time| time.parse::<Timestamp>().ok());
    time.unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
