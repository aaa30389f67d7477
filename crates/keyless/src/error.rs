use crate::{TokenError, Visibility, WebError};
use std::error::Error;

/// Why nothing was signed without a key.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// Nobody says who signs.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A service cannot be asked.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The public would learn of a repository that it does not see.
    #[error("{service} shows everybody what it is told, for ever, and {about}", about = hidden(repository.as_deref(), *visibility))]
    Disclosure {
        /// Who would be told.
        service: String,
        /// The repository, if the token names it.
        repository: Option<String>,
        /// Who may see it, if the token says so.
        visibility: Option<Visibility>,
    },
    /// No log of version 1 is told, and cosign's older form has no place for what others say.
    #[error(
        "signatures in cosign's older form are shown to be in time by a log of version 1, and the services name none: sign bundles, or name a log"
    )]
    NoLegacyLog,
    /// Nothing would show when a signature was made.
    #[error(
        "nothing would show that signatures were made while the certificate held: that takes a timestamp authority, or a log of version 1"
    )]
    NoTime,
    /// A service refuses what it is asked.
    #[error("{service} refuses ({status}): {said}")]
    Refused {
        /// Who was asked.
        service: String,
        /// The status.
        status: u16,
        /// What it says.
        said: String,
    },
    /// An answer is not what it should be.
    #[error("{service}: {problem}")]
    Answer {
        /// Whose answer it is.
        service: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificate is not for this key and this token.
    #[error("{service} gives a certificate that cannot be used: {problem}")]
    Certificate {
        /// Who gave it.
        service: String,
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// The log's entry is not that of the signature.
    #[error("{service} answers with the entry of something else")]
    Entry {
        /// The log.
        service: String,
    },
    /// What was signed does not verify.
    #[error("what was signed does not verify")]
    Rejected {
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A key cannot be made or used.
    #[error("no key can be made for this release")]
    Key {
        /// Why not.
        source: sigstore_crypto::Error,
    },
    /// The machine has no random numbers.
    #[error("there are no random numbers")]
    Random {
        /// Why not.
        source: std::io::Error,
    },
    /// A document cannot be written.
    #[error("the signature cannot be written")]
    Write {
        /// Why not.
        source: serde_json::Error,
    },
}

/// Says what the public does not see.
fn hidden(repository: Option<&str>, visibility: Option<Visibility>) -> String {
    match (repository, visibility) {
        (None, None) => "the token does not say that what it is for is public".to_owned(),
        (Some(name), None) => format!("the token does not say that the repository {name} is public"),
        (None, Some(visibility)) => format!("the repository is {visibility}"),
        (Some(name), Some(visibility)) => format!("the repository {name} is {visibility}"),
    }
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// It is none.
    #[error("it cannot be read ({0})")]
    Form(String),
    /// It is for another key.
    #[error("it is for another key")]
    Key,
    /// It names another issuer.
    #[error("it says that the token is of {found}, and it is of {expected}")]
    Issuer {
        /// Whose token it is.
        expected: String,
        /// What the certificate says.
        found: String,
    },
    /// It names somebody else.
    #[error("it is for {found}, and the token is for {expected}")]
    Identity {
        /// Whose token it is.
        expected: String,
        /// What the certificate says.
        found: String,
    },
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Time,
}
