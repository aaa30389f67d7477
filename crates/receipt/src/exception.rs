use crate::advisory::{date_text, platforms_text};
use consign_oci::Platform;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// That something does not count for a while, with the reason and the one who answers for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// Only on these platforms; none: on all.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "platforms_text")]
    pub platforms: Vec<Platform>,
    /// Why it does not count.
    pub reason: String,
    /// Who answers for that.
    pub owner: String,
    /// The last day, in UTC, on which it does not count; `None`, as some files of other tools have it: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "date_text")]
    pub until: Option<Date>,
}

impl Exception {
    /// Returns whether it holds on this platform, whether or not it has ended.
    pub fn covers(&self, platform: &Platform) -> bool {
        self.platforms.is_empty() || self.platforms.contains(platform)
    }

    /// Returns its reason, and whose it is: `not compiled in (team@example.org, until 2026-12-31)`.
    pub fn why(&self) -> String {
        let until = self.until.map(|until| format!(", until {until}")).unwrap_or_default();
        format!("{} ({}{until})", self.reason, self.owner)
    }

    /// Returns whether its last day is over.
    pub fn has_ended(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}
