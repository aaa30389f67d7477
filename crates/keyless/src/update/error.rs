use crate::WebError;
use jiff::Timestamp;
use std::io;

/// Why it is not known whom to trust now.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The address of the repository cannot be asked.
    #[error(transparent)]
    Address(#[from] WebError),
    /// What the repository should be known by is no root.
    #[error("not a `root.json` of TUF, signed by those whom it names")]
    Root {
        /// What is wrong with it, if it is a text.
        source: Option<sigstore_tuf::Error>,
    },
    /// What was kept is in no form that is known.
    #[error("not what was kept of a repository: {detail}")]
    Form {
        /// What is wrong with it.
        detail: String,
    },
    /// The repository does not say whom to trust.
    #[error("{repository} does not say whom to trust")]
    Repository {
        /// Its address.
        repository: String,
        /// Why not.
        #[source]
        problem: UpdateProblem,
    },
    /// What was kept of it does not say whom to trust now.
    #[error("what is kept of {repository} does not say whom to trust now")]
    Kept {
        /// The address of the repository.
        repository: String,
        /// Why not.
        #[source]
        problem: UpdateProblem,
    },
}

/// What is wrong with what a repository says.
#[derive(Debug, thiserror::Error)]
pub enum UpdateProblem {
    /// It gives no answer, or none that can be used.
    #[error(transparent)]
    Web(#[from] WebError),
    /// A file cannot be read.
    #[error("`{file}` cannot be read")]
    File {
        /// Its name.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// Something must be there, and is not.
    #[error("there is no `{file}`")]
    Missing {
        /// What is missing.
        file: String,
    },
    /// A file is larger than it may be.
    #[error("`{file}` has more than {limit} bytes")]
    TooLarge {
        /// Its name.
        file: String,
        /// The most bytes that it may have.
        limit: u64,
    },
    /// What would be asked for is no name of a file.
    #[error("`{file}` is no name of a file")]
    Name {
        /// What it says, at most 200 characters of it.
        file: String,
    },
    /// Somebody else signed it.
    #[error("`{role}` is not signed by those whom the root names: {found} signatures are, of {threshold}")]
    Signature {
        /// The role that it was said in.
        role: String,
        /// How many signatures hold.
        found: usize,
        /// How many must.
        threshold: usize,
    },
    /// It no longer holds.
    #[error("`{role}` expired at {at}")]
    Expired {
        /// The role that it was said in.
        role: String,
        /// When.
        at: Timestamp,
    },
    /// It is older than what was said before.
    #[error("`{role}` is older than what was said before: version {offered}, after {known}")]
    Rollback {
        /// The role that it was said in.
        role: String,
        /// The version that is known.
        known: u64,
        /// The version that is offered.
        offered: u64,
    },
    /// A file is not the one that is meant.
    #[error("a file is not the one that is signed: {detail}")]
    Altered {
        /// What differs.
        detail: String,
    },
    /// It is not in the form of TUF.
    #[error("what it says cannot be understood")]
    Malformed {
        /// Why not.
        source: sigstore_tuf::Error,
    },
}

impl From<sigstore_tuf::Error> for UpdateProblem {
    fn from(error: sigstore_tuf::Error) -> Self {
        use sigstore_tuf::Error;
        match error {
            Error::ThresholdNotMet { role, found, threshold } => Self::Signature { role, found, threshold },
            Error::Expired { role, expires } => Self::Expired { role, at: expires },
            Error::Rollback { role, trusted, new } => Self::Rollback { role, known: trusted, offered: new },
            Error::IntegrityMismatch(detail) => Self::Altered { detail },
            Error::TargetNotFound(file) => Self::Missing { file },
            // What went wrong on the way there is one of these.
            Error::Transport { message, source: Some(source) } => match source.downcast::<Self>() {
                Ok(problem) => *problem,
                Err(source) => Self::Malformed { source: Error::Transport { message, source: Some(source) } },
            },
            source => Self::Malformed { source },
        }
    }
}

impl From<UpdateProblem> for sigstore_tuf::Error {
    fn from(problem: UpdateProblem) -> Self {
        Self::transport_with_source("no answer", problem)
    }
}
