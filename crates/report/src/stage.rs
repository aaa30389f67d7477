use serde::{Deserialize, Serialize};

/// A step that a platform of an image goes through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Made of its sources.
    Build,
    /// Its contents listed.
    Inventory,
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
    pub const ALL: [Self; 7] =
        [Self::Build, Self::Inventory, Self::Trial, Self::Gate, Self::Sign, Self::Publish, Self::Verify];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Inventory => "inventory",
            Self::Trial => "trial",
            Self::Gate => "gate",
            Self::Sign => "sign",
            Self::Publish => "publish",
            Self::Verify => "verify",
        }
    }
}

/// How a stage went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It had been done before with the same inputs.
    Cached,
    /// It failed.
    Failed,
    /// It was planned, but something before it failed.
    Skipped,
}

impl Outcome {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cached => "cached",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
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
        for outcome in [Outcome::Ok, Outcome::Cached, Outcome::Failed, Outcome::Skipped] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
        assert!(Stage::ALL.is_sorted());
    }
}
