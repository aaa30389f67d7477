use crate::{Claim, Comparison, LegacyError};
use consign_oci::Digest;
use consign_sign::LIMIT;
use jiff::Timestamp;

macro_rules! errors {
    ($($(#[doc = $meaning:literal])+ #[error($($message:tt)+)] $variant:ident $({ $($fields:tt)* })? => $hint:expr;)+) => {
        /// Why a signature is not believed.
        #[derive(Debug, thiserror::Error)]
        pub enum TrustError {
            $($(#[doc = $meaning])+ #[error($($message)+)] $variant $({ $($fields)* })?,)+
        }

        impl TrustError {
            /// Returns what to try next.
            pub fn hint(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant { .. } => $hint,)+
                }
            }
        }
    };
}

const CHANGED: Option<&str> = Some("the bundle was changed, or was never valid: get it again from where it was made");
const OTHER_ROOT: Option<&str> =
    Some("if it was made with another Sigstore than the public one, name that one's root with `--trusted-root`");
const OTHER_FILE: Option<&str> = Some("is this the file that was signed, and the bundle that was made for it?");
const CONDITIONS: Option<&str> =
    Some("if the signature is by whom you trust, ask for what was found; else do not use what is signed");
const ISSUED_WRONG: Option<&str> =
    Some("who issued the certificate does not follow Sigstore's profile: ask for another signature");

errors! {
    /// It is larger than is read.
    #[error("the bundle has {length} bytes: at most {LIMIT} are read")]
    TooLarge {
        /// Its length in bytes.
        length: u64,
    } => None;
    /// It has more of something than is looked at.
    #[error("the bundle has {count} {what}: at most {limit} are looked at")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many it has.
        count: usize,
        /// How many are looked at.
        limit: usize,
    } => None;
    /// It is no Sigstore bundle of a version that is known, or one of several signatures.
    #[error("not a Sigstore bundle")]
    Bundle {
        /// What is wrong.
        source: serde_json::Error,
    } => Some("bundles of the versions 0.1, 0.2 and 0.3 are read, with one signature each, and what `cosign sign-blob --bundle` wrote before version 3");
    /// It is what cosign wrote of files before version 3, and malformed.
    #[error("not a signature of a file as cosign wrote them before version 3")]
    Local {
        /// What is wrong.
        source: LegacyError,
    } => CHANGED;
    /// It does not say what is signed, or by whom, or says so twice.
    #[error("the bundle has {count} kinds of {what}: expected one")]
    OneOf {
        /// What there must be one of.
        what: &'static str,
        /// How many there are.
        count: usize,
    } => CHANGED;
    /// Something in it is of a kind that is not verified.
    #[error("the bundle has what consign does not verify: {detail}")]
    Unsupported {
        /// What it is.
        detail: String,
    } => None;
    /// A bundle of version 0.3 has a chain of certificates.
    #[error("the bundle has a chain of certificates, which is allowed in the versions 0.1 and 0.2 alone")]
    Chain => Some("certificates of an own authority are verified if it is in the trusted root, and the bundle has only the signer's (`certificate`)");
    /// What is signed is not an in-toto statement, or of another version.
    #[error("what is signed is not an in-toto statement of version 1 or 0.1: {detail}")]
    Statement {
        /// What is wrong.
        detail: String,
    } => None;
    /// A statement is asked for, and a file is signed.
    #[error("the bundle signs a file, not a statement")]
    NoStatement => None;
    /// What is given is of no use for this signature.
    #[error("what is signed cannot be verified from what is given: {detail}")]
    Input {
        /// What is wrong.
        detail: String,
    } => Some("give the file instead of its digest");
    /// The bundle says that a key signed.
    #[error("the bundle has no certificate: it was signed with a key")]
    ByKey => Some("name the public key with `--key`");
    /// The bundle says that somebody with a certificate signed.
    #[error("the bundle was signed with a certificate, not with a key")]
    ByCertificate => Some("say whose signature is asked for, with `--certificate-identity` and `--certificate-oidc-issuer`");
    /// The signature is not of the certificate's key over these bytes.
    #[error("the signature is not one over these bytes: {detail}")]
    Signature {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The signature is not of this key over these bytes.
    #[error("the signature is not one of key {key} over these bytes")]
    KeySignature {
        /// The key's fingerprint.
        key: Digest,
    } => Some("was it signed with another key, or is this another file?");
    /// What is signed is something else.
    #[error("the bundle is about something else: {detail}")]
    OtherArtifact {
        /// What is wrong.
        detail: String,
    } => OTHER_FILE;
    /// The certificate cannot be read.
    #[error("the certificate is malformed: {detail}")]
    Certificate {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The certificate has no name, or several.
    #[error("the certificate does not say whose it is: {detail}")]
    Names {
        /// What is wrong.
        detail: String,
    } => ISSUED_WRONG;
    /// Nobody whom the trusted root names has issued the certificate.
    #[error("nobody in the trusted root has issued the certificate, or not for signing: {detail}")]
    Issuance {
        /// What is wrong.
        detail: String,
    } => OTHER_ROOT;
    /// No authority was in use at the time of the signature.
    #[error("no authority of the trusted root issued certificates at {time}, when this was signed")]
    NoAuthority {
        /// When it was signed.
        time: Timestamp,
    } => OTHER_ROOT;
    /// It was signed before the certificate was valid.
    #[error("this was signed at {time}, before the certificate was valid, from {not_before} on")]
    NotYetValid {
        /// When it was signed.
        time: Timestamp,
        /// From when on the certificate is valid.
        not_before: Timestamp,
    } => CHANGED;
    /// It was signed after the certificate had expired.
    #[error("this was signed at {time}, after the certificate had expired, at {not_after}")]
    Expired {
        /// When it was signed.
        time: Timestamp,
        /// Until when the certificate is valid.
        not_after: Timestamp,
    } => Some("sign it again: certificates of Sigstore are valid for some minutes");
    /// Nothing shows that a log of the trusted root has the certificate.
    #[error("nothing shows that a log of certificates has the certificate: {detail}")]
    CertificateLog {
        /// What is wrong.
        detail: String,
    } => OTHER_ROOT;
    /// It is in no log.
    #[error("the signature is in no transparency log")]
    NotLogged => Some("a Sigstore without a log has a trusted root without one: name it with `--trusted-root`");
    /// The log is none of the trusted root.
    #[error("the trusted root has no transparency log {log}")]
    UnknownLog {
        /// The log's identity, in hexadecimal.
        log: String,
    } => OTHER_ROOT;
    /// The log was not in use then.
    #[error("the log {log} was not in use when this was signed")]
    LogTime {
        /// The log.
        log: String,
    } => OTHER_ROOT;
    /// Nothing shows that the log has the entry.
    #[error("nothing shows that the log has the entry: {detail}")]
    InclusionProof {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The log did not sign the state that the proof is about.
    #[error("the log's checkpoint is not one of a log in the trusted root: {detail}")]
    Checkpoint {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The log did not promise to take the entry, or not at this time.
    #[error("the log's promise (signed entry timestamp) is not valid: {detail}")]
    InclusionPromise {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The log has another signature there, or one of something else.
    #[error("the log entry is of another signature: {detail}")]
    OtherEntry {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The time of the log is in the future, or when the certificate was not valid.
    #[error("the time of the log entry cannot be: {detail}")]
    IntegratedTime {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The log entry cannot be read.
    #[error("the log entry is malformed: {detail}")]
    Entry {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// Nothing shows when it was signed.
    #[error("nothing shows when this was signed: neither a timestamp nor a log's promise")]
    NoTime => Some("sign it again with a timestamp authority, or a log that gives times");
    /// The timestamp is by nobody whom the trusted root names.
    #[error("no authority in the trusted root made the timestamp")]
    TimestampUntrusted => OTHER_ROOT;
    /// The timestamp is not valid.
    #[error("the timestamp is not valid: {detail}")]
    Timestamp {
        /// What is wrong.
        detail: String,
    } => CHANGED;
    /// The timestamp is one of another signature.
    #[error("the timestamp is of another signature")]
    TimestampOfAnother => CHANGED;
    /// The timestamp has fractions of seconds.
    #[error("the timestamp has fractions of a second, which consign does not read yet")]
    TimestampFraction => Some("let the timestamp authority give whole seconds, as those of Sigstore do");
    /// The authority was not in use at the time that it gave.
    #[error("the timestamp is of {time}, when its authority was not in use")]
    TimestampTime {
        /// The time.
        time: Timestamp,
    } => OTHER_ROOT;
    /// The certificate is somebody else's.
    #[error("the signature is by somebody else")]
    Subject {
        /// What was wanted beside what was found.
        #[source]
        comparison: Comparison,
    } => CONDITIONS;
    /// Somebody else vouches for whose certificate it is.
    #[error("somebody else vouches for whose signature it is")]
    Issuer {
        /// What was wanted beside what was found.
        #[source]
        comparison: Comparison,
    } => CONDITIONS;
    /// The job that signed is another.
    #[error("the certificate's claim `{claim}` is not what is asked for")]
    Claim {
        /// The first claim that differs.
        claim: Claim,
        /// What was wanted beside what was found.
        #[source]
        comparison: Comparison,
    } => CONDITIONS;
    /// The trusted root is of no use.
    #[error("the trusted root cannot be used: {detail}")]
    Root {
        /// What is wrong.
        detail: String,
    } => None;
}
