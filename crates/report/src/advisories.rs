use crate::PlatformName;
use consign_receipt::{AdvisoryRules, Finding, IgnoredAdvisory, Judgement};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An advisory that matches a package, on which platforms, and what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryReport {
    /// The advisory and the package.
    #[serde(flatten, with = "reported")]
    pub finding: Finding,
    /// Where the package is installed, as [`PlatformName`] says it.
    pub platforms: Vec<String>,
    /// What becomes of it: `tolerated`, `ignored` or `refused`. `None`: there is no policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<String>,
    /// The entry of the policy by which it is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<IgnoredAdvisory>,
}

impl AdvisoryReport {
    /// Makes one report of each finding, with all platforms that it is on, sorted by package. `rules` say what becomes of it on that day.
    pub fn all<'a>(
        findings: impl IntoIterator<Item = (&'a PlatformName, &'a Finding)>,
        rules: Option<(&AdvisoryRules, Date)>,
    ) -> Vec<Self> {
        // Package URLs name the architecture, so they differ where all else is the same.
        let mut places: BTreeMap<Finding, Vec<(&PlatformName, &Finding)>> = BTreeMap::new();
        for (platform, finding) in findings {
            let place = places.entry(Finding { purls: Vec::new(), ..finding.clone() }).or_default();
            place.push((platform, finding));
        }
        places.iter().flat_map(|(finding, places)| judged(finding, places, rules)).collect()
    }
}

/// An entry of the ignore list may be about some of the platforms only. Each is judged by what is found there.
fn judged(
    finding: &Finding,
    places: &[(&PlatformName, &Finding)],
    rules: Option<(&AdvisoryRules, Date)>,
) -> Vec<AdvisoryReport> {
    let mut reports: Vec<AdvisoryReport> = Vec::new();
    for (platform, found) in places {
        let judgement = rules.map(|(rules, today)| rules.judge(&platform.platform, found, today));
        // What differs between platforms in entries that were made for each alone makes no difference here.
        let ignored = match judgement {
            Some(Judgement::Ignored(entry)) => Some(entry.clone()),
            _ => None,
        };
        let judgement = judgement.map(|judgement| judgement.word().to_owned());
        let is_same = |report: &AdvisoryReport| {
            report.judgement == judgement
                && match (&report.ignored, &ignored) {
                    (Some(one), Some(other)) => {
                        one.exception.why() == other.exception.why() && one.purls.is_empty() == other.purls.is_empty()
                    }
                    (one, other) => one.is_none() && other.is_none(),
                }
        };
        let report = match reports.iter().position(is_same) {
            Some(index) => index,
            None => {
                let (finding, platforms) = (finding.clone(), Vec::new());
                reports.push(AdvisoryReport { finding, platforms, judgement, ignored });
                reports.len() - 1
            }
        };
        let Some(report) = reports.get_mut(report) else { continue };
        report.platforms.push(platform.name.clone());
        let purls: BTreeSet<String> = report.finding.purls.drain(..).chain(found.purls.iter().cloned()).collect();
        report.finding.purls = purls.into_iter().collect();
    }
    reports
}

/// A finding as reports have it: that nobody says how severe it is, is said.
mod reported {
    use consign_receipt::Finding;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use serde_json::{Map, Value};

    const SEVERITY: &str = "severity";
    const UNKNOWN: &str = "unknown";

    #[derive(Serialize)]
    struct Reported<'a> {
        #[serde(flatten)]
        finding: &'a Finding,
        #[serde(skip_serializing_if = "Option::is_none")]
        severity: Option<&'static str>,
    }

    pub(super) fn serialize<S: Serializer>(finding: &Finding, serializer: S) -> Result<S::Ok, S::Error> {
        let severity = finding.severity.is_none().then_some(UNKNOWN);
        Reported { finding, severity }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Finding, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        if fields.get(SEVERITY).and_then(Value::as_str) == Some(UNKNOWN) {
            fields.remove(SEVERITY);
        }
        serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)
    }
}
