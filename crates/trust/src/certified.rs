use crate::Claim;
use consign_oci::Digest;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A signature that was verified, and whom it is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Who vouches for the subject.
    pub issuer: String,
    /// Whose signature it is: an address, or a workflow.
    pub subject: String,
    /// What else the certificate says, the issuer with it.
    pub claims: BTreeMap<Claim, String>,
    /// The SHA-256 digest of the certificate in DER.
    pub certificate: Digest,
    /// Whether a log of certificates is known to have the certificate.
    pub certificate_logged: bool,
    /// What shows when it was signed, and that it is in a log.
    pub evidence: Evidence,
    /// The exact bytes of the statement, if one is signed. Whoever gave [`crate::Artifact::Statement`] has to look at what it is about.
    pub statement: Option<Vec<u8>>,
}

/// What shows when something was signed, and that a log has the signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The authenticated times of the signature, sorted.
    pub times: Vec<Timestamp>,
    /// Whether a log of the trusted root is known to have the signature, or to have promised to.
    pub logged: bool,
    /// Where in the logs it stands; empty unless `logged`.
    pub entries: Vec<LogEntry>,
}

/// An entry of a transparency log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEntry {
    /// The log's name, as the trusted root has it.
    pub log: String,
    /// The entry's number in the log, if the log vouches for it: those of Rekor 1 do so by their promise alone.
    pub index: Option<u64>,
}
