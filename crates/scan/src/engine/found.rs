use consign_receipt::predicate::FoundVulnerability;
use consign_receipt::{Epss, Finding, FixStatus, Severity, Stated};
use std::collections::{BTreeMap, BTreeSet};

/// An advisory that another scanner says matches one installed package.
#[derive(Debug)]
pub(super) struct Found {
    /// All names of the advisory; the first is the scanner's own.
    pub(super) names: Vec<String>,
    /// The package that the advisory is about, by its source where the scanner says which.
    pub(super) package: String,
    /// Its version.
    pub(super) version: String,
    /// The package that is installed.
    pub(super) installed: String,
    pub(super) purl: Option<String>,
    pub(super) severity: Stated,
    pub(super) fixed: Option<String>,
    pub(super) status: Option<FixStatus>,
    pub(super) known_exploited: Option<String>,
    pub(super) epss: Option<Epss>,
    /// Who says so.
    pub(super) source: String,
}

/// Joins what is said of the packages of one source into one finding, as consign's own are. Sorted.
pub(super) fn joined(found: Vec<Found>) -> Vec<FoundVulnerability> {
    let mut findings: BTreeMap<(String, String, String), Finding> = BTreeMap::new();
    for found in found {
        let Found { mut names, package, version, installed, purl, severity, fixed, status, .. } = found;
        let advisory = name(&names);
        let key = (package.clone(), version.clone(), advisory.clone());
        let finding =
            findings.entry(key).or_insert_with(|| Finding { package, version, advisory, ..Finding::default() });
        names.retain(|name| *name != finding.advisory);
        add(&mut finding.aliases, names);
        add(&mut finding.installed, [installed]);
        add(&mut finding.purls, purl);
        add(&mut finding.sources, [found.source]);
        match severity {
            Stated::Severity(severity) => finding.severity = finding.severity.max(Some(severity)),
            Stated::Unreadable => finding.severity_unread = true,
            Stated::Nothing => {}
        }
        finding.fixed = finding.fixed.take().or(fixed);
        finding.status = finding.status.or(status);
        finding.epss = finding.epss.max(found.epss);
        finding.known_exploited = finding.known_exploited.take().into_iter().chain(found.known_exploited).min();
    }
    findings.into_values().map(|finding| FoundVulnerability::new(finding, [])).collect()
}

/// Returns the CVE number, where there is one; what is about several has a name of its own.
fn name(names: &[String]) -> String {
    let mut numbers: Vec<&String> = names.iter().filter(|name| name.starts_with("CVE-")).collect();
    numbers.dedup();
    let own = names.first();
    match &numbers[..] {
        [number] => (*number).clone(),
        _ => own.cloned().unwrap_or_default(),
    }
}

/// Adds to a sorted list what it does not have.
fn add(list: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    let all: BTreeSet<String> = list.drain(..).chain(more).collect();
    list.extend(all);
}

/// Returns how bad a scanner says that an advisory is.
pub(super) fn severity(word: Option<&str>) -> Stated {
    word.map_or(Stated::Nothing, Severity::read)
}
