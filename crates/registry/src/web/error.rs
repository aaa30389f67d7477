/// Why somebody gives no keys or tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    /// A source is named, but gives none.
    #[error("{place}: {problem}")]
    Source { place: &'static str, problem: String },
    /// No answer came.
    #[error("{url}: {reason}")]
    Unreachable { url: String, reason: String },
    /// The answer is not what it should be.
    #[error("{url}: {problem}")]
    Answer { url: String, problem: String },
}

impl WebError {
    pub(crate) fn source(place: &'static str, problem: impl Into<String>) -> Self {
        Self::Source { place, problem: problem.into() }
    }
}
