use super::denied::denies;
use super::{ImageFinding, ImageRule, Pattern};
use crate::advisory::{date_text, platforms_text};
use consign_oci::Platform;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something about images that does not count for a while, with the reason and the one who answers for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredFact {
    /// The rule.
    pub rule: ImageRule,
    /// Only there; `None`: wherever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Pattern>,
    /// Only these licences; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<Pattern>,
    /// Only in this package, by its name; `None`: in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Pattern>,
    /// Only on these platforms; none: on all.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "platforms_text")]
    pub platforms: Vec<Platform>,
    /// Why it does not count.
    pub reason: String,
    /// Who answers for that.
    pub owner: String,
    /// The last day, in UTC, on which it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "date_text")]
    pub until: Option<Date>,
}

impl IgnoredFact {
    /// Returns whether it is about this finding, whether or not it has ended.
    pub fn is_about(&self, platform: &Platform, finding: &ImageFinding) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &Option<String>| {
            pattern.as_ref().is_none_or(|pattern| text.as_ref().is_some_and(|text| pattern.matches(text)))
        };
        let licenses =
            |license: &Pattern| !finding.licenses.is_empty() && finding.licenses.iter().all(|one| denies(license, one));
        self.rule == finding.rule
            && (self.platforms.is_empty() || self.platforms.contains(platform))
            && fits(&self.path, &finding.path)
            && fits(&self.package, &finding.package)
            && self.license.as_ref().is_none_or(licenses)
    }

    /// Returns its reason, and whose it is: `known to us (team@example.org, until 2026-12-31)`.
    pub fn why(&self) -> String {
        let until = self.until.map(|until| format!(", until {until}")).unwrap_or_default();
        format!("{} ({}{until})", self.reason, self.owner)
    }

    /// Returns whether its last day is over.
    pub fn has_ended(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

/// What it is about: `ignored setuid-files at /usr/bin/su`.
impl fmt::Display for IgnoredFact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ignored {}", self.rule)?;
        for (word, pattern) in [("at", &self.path), ("in", &self.package), ("of", &self.license)] {
            if let Some(pattern) = pattern {
                write!(formatter, " {word} {pattern}")?;
            }
        }
        Ok(())
    }
}
