use crate::{Coverage, Finding, Severity, Stated};
use serde::{Deserialize, Serialize};

/// Method of the severity that consign concluded: the worst of all that are stated.
const RATING: &str = "rating";

/// What advisories say about an image (in-toto predicate `vulns` v0.2). All findings stand in it: what a policy ignores is the gate's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vulnerabilities {
    /// Who looked, with which advisories, and what was found.
    pub scanner: Scanner,
    /// When.
    pub metadata: ScanMetadata,
    /// What was looked at. Beside the specification, which has no place for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// Until when the distribution of the image is looked after, where it has releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
}

/// Until when a release of a distribution is looked after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifetime {
    /// The release: `alpine 3.11`.
    pub release: String,
    /// The last day on which everybody gets fixes, `YYYY-MM-DD`; `None`: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// The last day on which those who pay for it do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<String>,
    /// The day of the table of releases that does not have this one, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_as_of: Option<String>,
}

/// Who looked, with which advisories, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scanner {
    /// Names the scanner.
    pub uri: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The advisories.
    pub db: AdvisoryDatabase,
    /// What was found.
    pub result: Vec<FoundVulnerability>,
}

/// The advisories that an image was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryDatabase {
    /// Names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The digest of all records together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When they were last changed, RFC 3339: of several parts that matter for the image, the one that was left alone the longest.
    pub last_update: String,
}

/// When a scan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanMetadata {
    /// The earliest time at which it can have been made, RFC 3339: the image and the newest record are there. So that the same image and
    /// the same records give the same bytes, it is not the time of day.
    pub scan_started_on: String,
    /// The same.
    pub scan_finished_on: String,
}

/// An advisory that matches a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundVulnerability {
    /// The advisory.
    pub id: String,
    /// How bad it is, by several ways of measuring it.
    #[serde(default)]
    pub severity: Vec<SeverityScore>,
    /// Where it was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Finding>,
}

/// How bad an advisory is, by one way of measuring it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeverityScore {
    /// The way: `rating`, or the type that the record states, such as `CVSS_V3`.
    pub method: String,
    /// The word, number or vector.
    pub score: String,
}

impl FoundVulnerability {
    /// Makes the entry of a finding, with what its records state about its severity.
    pub fn new(finding: Finding, stated: impl IntoIterator<Item = SeverityScore>) -> Self {
        let rating = finding.severity.map_or("unknown", Severity::word);
        let rating = SeverityScore { method: RATING.to_owned(), score: rating.to_owned() };
        Self {
            id: finding.advisory.clone(),
            severity: [rating].into_iter().chain(stated).collect(),
            annotations: vec![finding],
        }
    }
}

impl Vulnerabilities {
    /// Returns every finding. One that another scanner made, and that does not say where, still counts.
    pub fn findings(&self) -> Vec<Finding> {
        self.scanner.result.iter().flat_map(findings_of).collect()
    }
}

fn findings_of(found: &FoundVulnerability) -> Vec<Finding> {
    let stated = || found.severity.iter().map(|stated| Severity::read(&stated.score));
    let severity =
        stated().filter_map(|stated| if let Stated::Severity(severity) = stated { Some(severity) } else { None }).max();
    // Where consign concluded, it has read what stands beside that, too.
    let is_concluded = found.severity.iter().any(|stated| stated.method == RATING);
    let unread = !is_concluded && stated().any(|stated| stated == Stated::Unreadable);
    let placed = |place: &Finding| Finding {
        advisory: found.id.clone(),
        severity,
        severity_unread: place.severity_unread || unread,
        ..place.clone()
    };
    if found.annotations.is_empty() {
        vec![placed(&Finding::default())]
    } else {
        found.annotations.iter().map(placed).collect()
    }
}
