use serde::{Deserialize, Serialize};

/// What becomes of advisories of some kind that say too little to be judged, or that nobody can do anything about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acceptance {
    /// They do not pass for that.
    #[default]
    Refuse,
    /// They pass.
    Accept,
}

/// What becomes of something that may be wrong with an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consequence {
    /// It is told, and the image passes.
    #[default]
    Report,
    /// The image does not pass.
    Refuse,
}

impl Acceptance {
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

impl Consequence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Report, Self::Refuse];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Refuse => "refuse",
        }
    }
}
