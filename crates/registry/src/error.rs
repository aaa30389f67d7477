use crate::Distrust;
use crate::aws::{AwsError, named_action};
use crate::cloud::CloudError;
use crate::endpoint::redacted;
use crate::quota::Quota;
use crate::tls::distrust;
use crate::unanswered::reason;
use consign_oci::{Digest, DocumentError};
use reqwest::Url;
use std::error::Error;
use std::io;

/// Why a registry did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry said no.
    #[error("{method} {url}: {status}{}{}", said(code.as_deref(), message.as_deref()), quota.iter().map(|quota| format!("; {quota}")).collect::<String>())]
    Answer {
        /// Method of the request.
        method: String,
        /// Its URL, without what may be secret.
        url: String,
        /// HTTP status of the answer.
        status: u16,
        /// The registry's error code, such as `DENIED` (distribution-spec, "Error Codes").
        code: Option<String>,
        /// The registry's own words.
        message: Option<String>,
        /// The parts of a manifest that it says it has not got.
        missing: Vec<Digest>,
        /// How much it lets one do, where that was too much.
        quota: Option<Quota>,
    },
    /// No answer came.
    #[error("{method} {url}: {}", reason(error))]
    Unreachable {
        /// Method of the request.
        method: String,
        /// Its URL, without what may be secret.
        url: String,
        /// Why not. Not a source: what its layers say one after the other is one thing, which the message says.
        error: reqwest::Error,
    },
    /// No answer came from one that asked who we are.
    #[error("{method} {url}: it wants a client certificate, was shown none, and hung up")]
    HungUp {
        /// Method of the request.
        method: String,
        /// Its URL, without what may be secret.
        url: String,
    },
    /// A page for people was answered.
    #[error("{url}: this does not look like a registry: it answers with a web page ({status})")]
    NotARegistry {
        /// What was asked for, without what may be secret.
        url: String,
        /// HTTP status of the answer.
        status: u16,
    },
    /// A blob was being sent, and for a while the registry neither took bytes nor answered.
    #[error("{url}: the upload stands still for {seconds} seconds")]
    Stalled {
        /// Where it was sent.
        url: String,
        /// For how long nothing has happened, in seconds.
        seconds: u64,
    },
    /// The token service gave no token.
    #[error("{registry} wants a token of {realm}, which gives none: {problem}")]
    Token {
        /// The registry.
        registry: String,
        /// The token service.
        realm: String,
        /// HTTP status of its answer, where that is why.
        status: Option<u16>,
        /// Why not.
        problem: String,
    },
    /// Bytes came that are not those asked for.
    #[error("{url}: the bytes do not match {digest}")]
    Mismatch {
        /// Where they came from.
        url: String,
        /// What they were to be.
        digest: Digest,
    },
    /// The answer is larger than any should be.
    #[error("{url}: the answer has more than {limit} bytes")]
    TooLarge {
        /// Where it came from.
        url: String,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The answer is not a manifest.
    #[error("{url}")]
    Document {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// The answer breaks the specification, or would lead somewhere that it must not.
    #[error("{url}: {problem}")]
    Protocol {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The bytes to send could not be read.
    #[error("cannot read the bytes of {digest}")]
    Source {
        /// What was to be sent.
        digest: Digest,
        /// Why not.
        source: io::Error,
    },
    /// AWS does not let us in, or did not do what a registry of its needs.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A cloud does not say who we are.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The client could not be made.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
    /// A proxy would be shown who we are.
    #[error(
        "{registry} is not asked by way of {proxy}: a proxy that is reached by HTTPS would be shown the client certificate, too"
    )]
    SecuredProxy {
        /// The registry.
        registry: String,
        /// The proxy.
        proxy: String,
    },
    /// Nobody is trusted.
    #[error("there are no trusted certificates on this machine")]
    NoCertificates,
}

/// What an error means, for what to try next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Credentials are missing or wrong.
    Unauthorized,
    /// The credentials do not suffice.
    Denied,
    /// There is nothing of that name.
    NotFound,
    /// The tag may not be moved.
    Immutable,
    /// Too many requests.
    Throttled,
    /// No answer came.
    Unreachable,
    /// The other side is not trusted, or does not trust us.
    Untrusted(Distrust),
    /// Bytes are not those that were asked for.
    Mismatch,
    /// Something else.
    Other,
}

impl RegistryError {
    /// Makes the error that a request got no answer, or not all of it.
    pub(crate) fn unreachable(method: impl ToString, url: &Url, error: reqwest::Error) -> Self {
        Self::Unreachable { method: method.to_string(), url: redacted(url), error: error.without_url() }
    }

    /// Returns whether a manifest was refused, and the parts that the registry says it has not got; `None` for any other error.
    pub fn refused_parts(&self) -> Option<&[Digest]> {
        match self {
            Self::Answer { method, status: 400 | 404 | 409 | 412 | 422, missing, .. } if method == "PUT" => {
                Some(missing)
            }
            _ => None,
        }
    }

    /// Returns what the error means.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Answer { status, code, .. } => match (status, code.as_deref()) {
                (_, Some("TAG_IMMUTABLE" | "ImageTagAlreadyExistsException")) | (409, _) => ErrorKind::Immutable,
                (401, _) => ErrorKind::Unauthorized,
                (403, _) => ErrorKind::Denied,
                (404, _) => ErrorKind::NotFound,
                (429, _) => ErrorKind::Throttled,
                _ => ErrorKind::Other,
            },
            Self::Token { status: Some(429), .. } => ErrorKind::Throttled,
            Self::Token { status: Some(408 | 500..), .. } => ErrorKind::Unreachable,
            Self::Token { .. } => ErrorKind::Unauthorized,
            Self::Unreachable { error, .. } => match distrust(error) {
                Some((distrust, _)) => ErrorKind::Untrusted(distrust),
                None => ErrorKind::Unreachable,
            },
            Self::HungUp { .. } => ErrorKind::Untrusted(Distrust::WantsIdentity),
            Self::Stalled { .. } => ErrorKind::Unreachable,
            Self::Mismatch { .. } => ErrorKind::Mismatch,
            Self::Aws(error) => error.kind(),
            Self::Cloud(error) => error.kind(),
            _ => ErrorKind::Other,
        }
    }
}

impl RegistryError {
    /// Returns the action that no policy of AWS allows, such as `ecr:InitiateLayerUpload`.
    pub fn missing_action(&self) -> Option<&str> {
        match self {
            Self::Aws(error) => error.missing_action(),
            Self::Answer { status: 403, message: Some(message), .. } => named_action(message),
            _ => None,
        }
    }
}

fn said(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (Some(code), Some(message)) if !message.is_empty() => format!(" {code}: {message}"),
        (Some(code), _) => format!(" {code}"),
        (None, Some(message)) => format!(": {message}"),
        (None, None) => String::new(),
    }
}
