use super::{IgnoredFact, ImageFinding, ImageRule, Pattern};
use crate::Consequence;
use crate::Exception;
use crate::predicate::ImageFacts;
use consign_oci::Platform;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most subjects that are named in one line.
const NAMED_LIMIT: usize = 5;

/// What becomes of what the settings and files of an image say. All is told, and what is said here is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageRules {
    /// What becomes of each; what is not named is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub consequences: BTreeMap<ImageRule, Consequence>,
    /// Files that may run as their owner.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_setuid_files: Vec<Pattern>,
    /// Licences by which no package may have to be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied_licenses: Vec<Pattern>,
    /// What does not count for a while.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoredFact>,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactJudgement<'a> {
    /// It is told, and passes.
    Reported,
    /// It does not count for a while.
    Ignored(&'a IgnoredFact),
    /// It does not pass.
    Refused {
        /// An entry of the ignore list that would have covered it, and has ended.
        ended: Option<&'a IgnoredFact>,
    },
}

impl FactJudgement<'_> {
    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Ignored(_) => "ignored",
            Self::Refused { .. } => "refused",
        }
    }
}

impl ImageRules {
    /// Returns rules that refuse this and nothing else.
    pub fn refusing(rules: impl IntoIterator<Item = ImageRule>) -> Self {
        let consequences = rules.into_iter().map(|rule| (rule, Consequence::Refuse)).collect();
        Self { consequences, ..Self::default() }
    }

    /// Returns what becomes of findings of a kind. Licences that somebody lists as denied are.
    pub fn consequence(&self, rule: ImageRule) -> Consequence {
        match rule {
            ImageRule::DeniedLicenses => Consequence::Refuse,
            rule => self.consequences.get(&rule).copied().unwrap_or_default(),
        }
    }

    /// Returns whether something may be refused that only an SBOM says.
    pub fn needs_sbom(&self) -> bool {
        !self.denied_licenses.is_empty() || self.consequence(ImageRule::UnknownLicense) == Consequence::Refuse
    }

    /// Returns what of an image's facts and packages is to be judged, sorted.
    pub fn findings(&self, facts: Option<&ImageFacts>, sbom: Option<&Value>) -> Vec<ImageFinding> {
        let mut found = facts.map(ImageFacts::findings).unwrap_or_default();
        found.retain(|finding| !self.allows(finding));
        found.extend(sbom.map(|sbom| self.licenses(sbom)).unwrap_or_default());
        found
    }

    fn allows(&self, finding: &ImageFinding) -> bool {
        let is_allowed = |path: &String| self.allowed_setuid_files.iter().any(|allowed| allowed.matches(path));
        finding.rule == ImageRule::SetuidFiles && finding.path.as_ref().is_some_and(is_allowed)
    }

    /// Says what becomes of a finding. An entry of the ignore list that has ended has no effect.
    pub fn judge(&self, platform: &Platform, finding: &ImageFinding, today: Date) -> FactJudgement<'_> {
        let mut entries = self.ignore.iter().filter(|entry| entry.is_about(platform, finding));
        if let Some(entry) = entries.clone().find(|entry| !entry.exception.has_ended(today)) {
            return FactJudgement::Ignored(entry);
        }
        match self.consequence(finding.rule) {
            Consequence::Report => FactJudgement::Reported,
            Consequence::Refuse => FactJudgement::Refused { ended: entries.next() },
        }
    }

    /// Returns a line for each kind of finding on a platform that passes, and that a person should look at all the same.
    pub fn remarks(&self, platform: &Platform, findings: &[ImageFinding], today: Date) -> Vec<String> {
        let mut kinds: BTreeMap<ImageRule, Vec<&ImageFinding>> = BTreeMap::new();
        for finding in findings {
            if self.judge(platform, finding, today) == FactJudgement::Reported {
                kinds.entry(finding.rule).or_default().push(finding);
            }
        }
        let line = |(rule, found): (ImageRule, Vec<&ImageFinding>)| match &found[..] {
            [only] => format!("{platform}: {only}"),
            found => {
                let named = found.iter().take(NAMED_LIMIT).map(|finding| finding.subject());
                let more = found.len().saturating_sub(NAMED_LIMIT);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = named.collect::<Vec<_>>().join(", ");
                format!("{platform}: {} {}: {named}{more}", found.len(), rule.plural())
            }
        };
        kinds.into_iter().map(line).collect()
    }

    /// Says which entries of the ignore list have ended, or match none of the findings.
    pub fn notes<'a>(
        &self,
        findings: impl Iterator<Item = (&'a Platform, &'a ImageFinding)> + Clone,
        today: Date,
    ) -> Vec<String> {
        let note = |entry: &IgnoredFact| {
            let Exception { owner, until, .. } = &entry.exception;
            let is_used = || findings.clone().any(|(platform, finding)| entry.is_about(platform, finding));
            match until.filter(|_| entry.exception.has_ended(today)) {
                Some(until) => Some(format!("{entry}: ended on {until} and has no effect; ask {owner}")),
                None if is_used() => None,
                None => Some(format!("{entry}: matches nothing; {owner} may take it out")),
            }
        };
        self.ignore.iter().filter_map(note).collect()
    }

    /// Returns the rules as lines, each different for different rules.
    pub(crate) fn text(&self) -> String {
        let Self { allowed_setuid_files, denied_licenses, ignore, .. } = self;
        let mut text = String::new();
        for rule in ImageRule::ALL {
            text.push_str(&format!("image {rule} {}\n", self.consequence(rule).word()));
        }
        // As JSON, so that no text can pass for several lines.
        text.push_str(&format!(
            "allowed-setuid-files {}\ndenied-licenses {}\n",
            json!(allowed_setuid_files),
            json!(denied_licenses)
        ));
        for IgnoredFact { rule, path, license, package, exception } in ignore {
            let Exception { platforms, reason, owner, until } = exception;
            let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
            let until = until.map(|until| until.to_string());
            text.push_str(&format!(
                "ignore-image {}\n",
                json!([rule, path, license, package, platforms, reason, owner, until])
            ));
        }
        text
    }
}
