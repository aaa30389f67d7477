use consign_oci::Platform;
use consign_receipt::{AdvisoryRules, Finding, IgnoredAdvisory, Judgement};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An advisory that matches a package, on which platforms, and what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryReport {
    /// The advisory and the package.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where the package is installed, as `os/architecture[/variant]`.
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
        findings: impl IntoIterator<Item = (&'a Platform, &'a Finding)>,
        rules: Option<(&AdvisoryRules, Date)>,
    ) -> Vec<Self> {
        let mut places: BTreeMap<Finding, (BTreeSet<&String>, Vec<&Platform>)> = BTreeMap::new();
        for (platform, finding) in findings {
            // Package URLs name the architecture, so they differ where all else is the same.
            let place = places.entry(Finding { purls: Vec::new(), ..finding.clone() }).or_default();
            place.0.extend(&finding.purls);
            place.1.push(platform);
        }
        let all = places.into_iter().map(|(finding, (purls, platforms))| {
            (Finding { purls: purls.into_iter().cloned().collect(), ..finding }, platforms)
        });
        all.flat_map(|(finding, platforms)| judged(&finding, &platforms, rules)).collect()
    }
}

/// An entry of the ignore list may be about some of the platforms only.
fn judged(finding: &Finding, platforms: &[&Platform], rules: Option<(&AdvisoryRules, Date)>) -> Vec<AdvisoryReport> {
    let mut reports: Vec<AdvisoryReport> = Vec::new();
    for platform in platforms {
        let judgement = rules.map(|(rules, today)| rules.judge(platform, finding, today));
        let ignored = match judgement {
            Some(Judgement::Ignored(entry)) => Some(entry.clone()),
            _ => None,
        };
        let judgement = judgement.map(|judgement| judgement.word().to_owned());
        match reports.iter_mut().find(|report| report.judgement == judgement && report.ignored == ignored) {
            Some(report) => report.platforms.push(platform.to_string()),
            None => {
                let platforms = vec![platform.to_string()];
                reports.push(AdvisoryReport { finding: finding.clone(), platforms, judgement, ignored });
            }
        }
    }
    reports
}
