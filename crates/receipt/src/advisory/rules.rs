use super::{Finding, IgnoredAdvisory, IgnoredNote, Judgement, Severity};
use consign_oci::Platform;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How much is tolerated of what advisories say about an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryRules {
    /// The worst severity that passes.
    pub maximum_severity: Severity,
    /// What becomes of advisories whose severity nobody states, or not in a way that is understood.
    #[serde(default)]
    pub unknown_severity: UnknownSeverity,
    /// Oldest database that counts, in days since its last change; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u32>,
    /// Advisories that do not count for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoredAdvisory>,
}

/// What becomes of an advisory whose severity nobody states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownSeverity {
    /// It does not pass.
    #[default]
    Refuse,
    /// It passes.
    Accept,
}

impl UnknownSeverity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Refuse, Self::Accept];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Accept => "accept",
        }
    }
}

impl AdvisoryRules {
    /// Returns the rules as lines, each different for different rules.
    pub(crate) fn text(&self) -> String {
        let Self { maximum_severity, unknown_severity, maximum_age, ignore } = self;
        let mut text = format!("maximum-severity {maximum_severity}\nunknown-severity {}\n", unknown_severity.word());
        text.extend(maximum_age.map(|days| format!("maximum-age {days}\n")));
        for IgnoredAdvisory { advisory, package, platforms, reason, owner, until } in ignore {
            let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
            // As JSON, so that no text can pass for several lines.
            let entry = serde_json::json!([advisory, package, platforms, reason, owner, until.to_string()]);
            text.push_str(&format!("ignore {entry}\n"));
        }
        text
    }

    /// Says what becomes of a finding. An entry of the ignore list that has ended has no effect.
    pub fn judge(&self, platform: &Platform, finding: &Finding, today: Date) -> Judgement<'_> {
        let is_known = finding.severity.is_some() && !finding.severity_unread;
        let tolerated = finding.severity.is_none_or(|severity| severity <= self.maximum_severity)
            && (is_known || self.unknown_severity == UnknownSeverity::Accept);
        let mut entries = self.ignore.iter().filter(|entry| entry.is_about(platform, finding));
        if let Some(entry) = entries.clone().find(|entry| !entry.has_ended(today)) {
            return Judgement::Ignored(entry);
        }
        if tolerated { Judgement::Tolerated } else { Judgement::Refused { ended: entries.next() } }
    }

    /// Says which entries of the ignore list have ended, or have no effect on any of the findings.
    pub fn notes<'a>(
        &self,
        findings: impl Iterator<Item = (&'a Platform, &'a Finding)> + Clone,
        today: Date,
    ) -> Vec<IgnoredNote> {
        let note = |entry: &IgnoredAdvisory| {
            let is_used = findings.clone().any(|(platform, finding)| entry.is_about(platform, finding));
            let short = || findings.clone().find_map(|(platform, finding)| entry.falls_short_of(platform, finding));
            match (entry.has_ended(today), is_used) {
                (true, _) => Some(IgnoredNote::Ended(entry.clone())),
                (false, true) => None,
                (false, false) => Some(match short() {
                    Some(source) => IgnoredNote::Short { entry: entry.clone(), source: source.to_owned() },
                    None => IgnoredNote::Unused(entry.clone()),
                }),
            }
        };
        self.ignore.iter().filter_map(note).collect()
    }
}
