use crate::TrustError;
use crate::shown::shown;
use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

/// Gives an error of `sigstore-verify` its place among ours. Its texts may repeat what stands in a bundle.
pub(crate) fn translate(error: Error) -> TrustError {
    let detail = |text: &str| shown(text);
    match error {
        Error::SignatureInvalid(text) => TrustError::Signature { detail: detail(&text) },
        // By then the signature over the artifact was verified: what differs is the entry.
        Error::ArtifactMismatch(text) if text.contains("hashedrekord entry") => {
            TrustError::OtherEntry { detail: detail(&text) }
        }
        Error::ArtifactMismatch(text) => TrustError::OtherArtifact { detail: detail(&text) },
        Error::UnsupportedArtifact(text) => TrustError::Input { detail: detail(&text) },
        Error::Certificate(error) => certificate(error),
        Error::TransparencyLog(error) => log(error),
        Error::Timestamp(error) => timestamp(error),
        Error::Bundle(error) => structure(error),
        Error::InvalidBundle(text) if text.contains("in-toto statement") => {
            TrustError::Statement { detail: detail(&text) }
        }
        Error::InvalidTrustRoot(text) => TrustError::Root { detail: detail(&text) },
        error @ (Error::TrustRoot(_) | Error::TrustedCertificate(_)) => {
            TrustError::Root { detail: detail(&error.to_string()) }
        }
        Error::InvalidBundle(text) | Error::UnsupportedBundle(text) => {
            TrustError::Unsupported { detail: detail(&text) }
        }
        // Identities are compared here, not there, and nothing is read there.
        error => TrustError::Unsupported { detail: detail(&error.to_string()) },
    }
}

fn certificate(error: CertificateError) -> TrustError {
    match error {
        CertificateError::Malformed(text) => TrustError::Certificate { detail: shown(&text) },
        CertificateError::ChainInvalid(text) => TrustError::Issuance { detail: shown(&text) },
        CertificateError::NoValidAuthority { time } => TrustError::NoAuthority { time },
        CertificateError::NotYetValid { time, not_before } => TrustError::NotYetValid { time, not_before },
        CertificateError::Expired { time, not_after } => TrustError::Expired { time, not_after },
        CertificateError::Sct(text) => TrustError::CertificateLog { detail: shown(&text) },
        error => TrustError::Certificate { detail: shown(&error.to_string()) },
    }
}

fn log(error: TransparencyLogError) -> TrustError {
    match error {
        TransparencyLogError::UnknownLog { log_id } => TrustError::UnknownLog { log: shown(&log_id) },
        TransparencyLogError::InclusionProof(text) => TrustError::InclusionProof { detail: shown(&text) },
        TransparencyLogError::Checkpoint(text) => TrustError::Checkpoint { detail: shown(&text) },
        TransparencyLogError::InclusionPromise(text) => TrustError::InclusionPromise { detail: shown(&text) },
        TransparencyLogError::EntryMismatch(text) => TrustError::OtherEntry { detail: shown(&text) },
        TransparencyLogError::IntegratedTime(text) => TrustError::IntegratedTime { detail: shown(&text) },
        TransparencyLogError::MalformedEntry(text) => TrustError::Entry { detail: shown(&text) },
        error => TrustError::Entry { detail: shown(&error.to_string()) },
    }
}

fn timestamp(error: TimestampError) -> TrustError {
    match error {
        TimestampError::OutsideAuthorityValidity { time } => TrustError::TimestampTime { time },
        TimestampError::NoVerifiedTimestamp(_) => TrustError::NoTime,
        TimestampError::Invalid(text) => TrustError::Timestamp { detail: shown(&text) },
        error => TrustError::Timestamp { detail: shown(&error.to_string()) },
    }
}

fn structure(error: BundleError) -> TrustError {
    match error {
        BundleError::CertificateChainNotAllowed(_) => TrustError::Chain,
        BundleError::MissingInclusionPromise(_) => {
            TrustError::InclusionPromise { detail: "there is none, which version 0.1 must have".to_owned() }
        }
        BundleError::MissingInclusionProof(_) => TrustError::InclusionProof { detail: "there is none".to_owned() },
        BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp => TrustError::NoTime,
        BundleError::MissingCheckpoint => TrustError::Checkpoint { detail: "there is none".to_owned() },
        error @ BundleError::LogIndexOutOfRange { .. } => TrustError::InclusionProof { detail: error.to_string() },
        error @ BundleError::CheckpointRootMismatch => TrustError::Checkpoint { detail: error.to_string() },
        error => TrustError::Unsupported { detail: shown(&error.to_string()) },
    }
}
