//! Tells logs of signatures.

mod version1;
mod version2;

use crate::authority::below;
use crate::web::{Answer, Request, said, shown};
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

/// What a log is told.
struct Submission<'a> {
    web: &'a Web,
    log: &'a Url,
    logged: &'a Logged<'a>,
    certificate: &'a DerCertificate,
}

/// Tells a log of a signature, and returns its entry, which is that of the signature. Whether the log keeps it is for whoever trusts the log to see.
pub(crate) async fn add(
    web: &Web,
    log: &LogService,
    logged: &Logged<'_>,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, KeylessError> {
    let submission = Submission { web, log: &log.url, logged, certificate };
    match log.version {
        LogVersion::V1 => version1::add(&submission).await,
        LogVersion::V2 => version2::add(&submission).await,
    }
}

impl Submission<'_> {
    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Answer, KeylessError> {
        Ok(self.web.ask(Request::post(below(self.log, path), "application/json", body)).await?)
    }

    fn refused(&self, answer: &Answer) -> KeylessError {
        KeylessError::Refused { service: shown(self.log), status: answer.status, said: said(&answer.body) }
    }

    fn unreadable(&self) -> KeylessError {
        KeylessError::Answer { service: shown(self.log), problem: "the answer is no entry of a log".to_owned() }
    }

    fn other(&self) -> KeylessError {
        KeylessError::Entry { service: shown(self.log) }
    }
}
