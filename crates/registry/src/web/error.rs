use crate::ErrorKind;

/// Why somebody gives no keys or tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WebError {
    /// A source is named, but gives none.
    #[error("{place}: {problem}")]
    Source {
        /// What was asked for keys or tokens.
        place: &'static str,
        /// Why it gives none.
        problem: String,
    },
    /// No answer came.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked, without what may be secret.
        url: String,
        /// Why not, in a few words.
        reason: String,
    },
    /// The answer is not what it should be.
    #[error("{url}: {problem}")]
    Answer {
        /// Where it came from, without what may be secret.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl WebError {
    pub(crate) fn source(place: &'static str, problem: impl Into<String>) -> Self {
        Self::Source { place, problem: problem.into() }
    }

    /// Returns what the error means.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Source { .. } => ErrorKind::Unauthorized,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::Answer { .. } => ErrorKind::Other,
        }
    }
}
