use serde::{Deserialize, Serialize};
use std::fmt;

/// What the publisher of a package does about an advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixStatus {
    /// It is affected, and no version is free of it yet.
    Affected,
    /// A version is free of it.
    Fixed,
    /// It will stay as it is.
    WillNotFix,
    /// It will be fixed with something else, at some time.
    FixDeferred,
    /// Nobody looks after the package any more.
    EndOfLife,
}

impl FixStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Affected, Self::Fixed, Self::WillNotFix, Self::FixDeferred, Self::EndOfLife];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::WillNotFix => "will_not_fix",
            Self::FixDeferred => "fix_deferred",
            Self::EndOfLife => "end_of_life",
        }
    }
}

impl fmt::Display for FixStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_its_word() {
        for status in FixStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.word());
        }
    }
}
