use super::{Change, IgnoredAdvisory};

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// Its severity passes.
    Tolerated,
    /// It does not count for a while.
    Ignored(&'a IgnoredAdvisory),
    /// It is not new, in the sense of the policy: the last release has it, too, or the same packages.
    Known(Change),
    /// It does not pass.
    Refused {
        /// What is new about it since the last release, if the policy asks.
        change: Option<Change>,
        /// An entry of the ignore list that would have covered it, and has ended.
        ended: Option<&'a IgnoredAdvisory>,
    },
}

impl Judgement<'_> {
    /// Returns the word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Tolerated => "tolerated",
            Self::Ignored(_) => "ignored",
            Self::Known(_) => "known",
            Self::Refused { .. } => "refused",
        }
    }
}
