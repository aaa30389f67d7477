use crate::PlatformName;
use consign_receipt::{FactJudgement, IgnoredFact, ImageFinding, ImageRules};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Something that settings, files or licences say, on which platforms, and what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactReport {
    /// What it is, and where.
    #[serde(flatten)]
    pub finding: ImageFinding,
    /// On which platforms, as [`PlatformName`] says it.
    pub platforms: Vec<String>,
    /// What becomes of it: `reported`, `ignored` or `refused`. `None`: there is no policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<String>,
    /// The entry of the policy by which it is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<IgnoredFact>,
}

impl FactReport {
    /// Makes one report of each finding, with all platforms that it is on, sorted. `rules` say what becomes of it on that day.
    pub fn all<'a>(
        findings: impl IntoIterator<Item = (&'a PlatformName, &'a ImageFinding)>,
        rules: Option<(&ImageRules, Date)>,
    ) -> Vec<Self> {
        let mut reports: Vec<Self> = Vec::new();
        for (platform, finding) in findings {
            let judgement = rules.map(|(rules, today)| rules.judge(&platform.platform, finding, today));
            let ignored = match judgement {
                Some(FactJudgement::Ignored(entry)) => Some(entry.clone()),
                _ => None,
            };
            let judgement = judgement.map(|judgement| judgement.word().to_owned());
            let report = Self { finding: finding.clone(), platforms: vec![platform.name.clone()], judgement, ignored };
            reports.push(report);
        }
        reports.sort_by(|one, other| one.key().cmp(&other.key()));
        reports.dedup_by(|next, same| {
            let is_same = next.key() == same.key();
            if is_same {
                same.platforms.append(&mut next.platforms);
            }
            is_same
        });
        reports
    }

    fn key(&self) -> (&ImageFinding, &Option<String>, Option<String>) {
        (&self.finding, &self.judgement, self.ignored.as_ref().map(|entry| entry.exception.why()))
    }
}

/// Returns the heads of the columns; what a policy makes of findings only where there is one.
pub(crate) fn headers(found: &[FactReport]) -> &'static [&'static str] {
    const HEADERS: [&str; 4] = ["rule", "settings and files", "platforms", "policy"];
    if found.iter().any(|found| found.judgement.is_some()) { &HEADERS } else { &HEADERS[..3] }
}

pub(crate) fn cells(found: &FactReport) -> [String; 4] {
    let FactReport { finding, platforms, judgement, .. } = found;
    [finding.rule.to_string(), finding.text.clone(), platforms.join(", "), judgement.clone().unwrap_or_default()]
}
