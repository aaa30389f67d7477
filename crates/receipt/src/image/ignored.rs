use super::denied::denies;
use super::{ImageFinding, ImageRule, Pattern};
use crate::Exception;
use consign_oci::Platform;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something about images that does not count for a while.
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
    /// Where, why and how long.
    #[serde(flatten)]
    pub exception: Exception,
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
            && self.exception.covers(platform)
            && fits(&self.path, &finding.path)
            && fits(&self.package, &finding.package)
            && self.license.as_ref().is_none_or(licenses)
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
