use serde::{Deserialize, Serialize};
use std::fmt;

/// A step that a platform of an image goes through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Made of its sources.
    Build,
    /// Its contents listed.
    Inventory,
    /// Its contents compared with advisories.
    Scan,
    /// Run and judged.
    Trial,
    /// Its receipts judged by the policy.
    Gate,
    /// Signed, with its receipts.
    Sign,
    /// Written to the destinations.
    Publish,
    /// Read back and checked.
    Verify,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] =
        [Self::Build, Self::Inventory, Self::Scan, Self::Trial, Self::Gate, Self::Sign, Self::Publish, Self::Verify];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Inventory => "inventory",
            Self::Scan => "scan",
            Self::Trial => "trial",
            Self::Gate => "gate",
            Self::Sign => "sign",
            Self::Publish => "publish",
            Self::Verify => "verify",
        }
    }

    /// Returns whether it happens for each platform on its own.
    pub fn is_per_platform(self) -> bool {
        matches!(self, Self::Build | Self::Inventory | Self::Scan | Self::Trial)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        for stage in Stage::ALL {
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.word());
        }
        assert!(Stage::ALL.is_sorted());
    }
}
