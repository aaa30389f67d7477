//! Tells logs of signatures.

mod version1;
mod version2;

use crate::web::{Answer, said, shown};
use crate::{KeylessError, LogService, LogVersion, Web};
use reqwest::Url;
use sigstore_types::{DerCertificate, DsseEnvelope, Sha256Hash, SignatureBytes, TransparencyLogEntry};

/// What is logged.
pub(crate) enum Logged<'a> {
    /// The signature of something that has this SHA-256 hash.
    Hash(&'a Sha256Hash, &'a SignatureBytes),
    /// The signature in an envelope.
    Envelope(&'a DsseEnvelope),
}

/// Tells a log of a signature, and returns its entry, which is that of the signature. Whether the log keeps it is for whoever trusts the log to see.
pub(crate) async fn add(
    web: &Web,
    log: &LogService,
    logged: &Logged<'_>,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, KeylessError> {
    match log.version {
        LogVersion::V1 => version1::add(web, &log.url, logged, certificate).await,
        LogVersion::V2 => version2::add(web, &log.url, logged, certificate).await,
    }
}

fn refused(log: &Url, answer: &Answer) -> KeylessError {
    KeylessError::Refused { service: shown(log), status: answer.status, said: said(&answer.body) }
}

fn unreadable(log: &Url) -> KeylessError {
    KeylessError::Answer { service: shown(log), problem: "the answer is no entry of a log".to_owned() }
}
