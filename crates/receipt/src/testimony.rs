use crate::predicate;
use serde::{Deserialize, Serialize};

/// What somebody else's signed receipts may speak for. Contents are listed and compared with advisories again wherever an image arrives, so that nobody's
/// word is needed for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Testimony {
    /// How the image was built.
    Provenance,
    /// How its trials went.
    Trials,
    /// What is no flaw of it: documents of OpenVEX.
    Vex,
}

impl Testimony {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Provenance, Self::Trials, Self::Vex];

    /// Returns the word that configurations have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Trials => "trials",
            Self::Vex => "vex",
        }
    }

    /// Returns the type of such receipts; of OpenVEX that without a version.
    pub fn predicate_type(self) -> &'static str {
        match self {
            Self::Provenance => predicate::PROVENANCE,
            Self::Trials => predicate::TEST_RESULT,
            Self::Vex => predicate::VEX,
        }
    }

    /// Returns what receipts of a type speak for; `None`: for nothing that somebody's word is needed for.
    pub fn of(predicate_type: &str) -> Option<Self> {
        match predicate_type {
            predicate::PROVENANCE => Some(Self::Provenance),
            predicate::TEST_RESULT => Some(Self::Trials),
            other => predicate::is_vex(other).then_some(Self::Vex),
        }
    }
}
