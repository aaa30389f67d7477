//! Whom a signature is by, and whether to believe it.
//!
//! A keyless signature was made with a key that nobody kept. What stays is a Sigstore bundle: a certificate that says who had the key, proof that a
//! transparency log has the signature, and timestamps. [`Keyless`] checks all of that against a [`TrustedRoot`], which says whose logs, certificates and
//! timestamps count, and then against [`Conditions`], which say whose signatures are asked for. [`Keyed`] does the same for signatures of keys.
//! A [`Deployment`] becomes a trusted root.
//!
//! Nothing here opens a file or a socket or reads the environment. The cryptography is that of the crates `sigstore-*`; they ask the clock
//! themselves, but only to refuse what claims to be from the future.

mod artifact;
mod authority;
mod bundle;
mod certificate;
mod certified;
mod claim;
mod claimed;
mod conditions;
mod deployment;
mod error;
mod keyed;
mod keyless;
mod legacy;
mod local;
mod logged;
mod matcher;
mod member;
mod rules;
mod shown;
mod statement;
mod timestamp;
mod translate;
mod trusted_root;

pub use artifact::Artifact;
pub use authority::{Authority, Refusal, SignatureError, SignedBy, envelope, payload_in, statement_in};
pub use bundle::{read_bundle, signed_digest, statement};
pub use certified::{Certified, Evidence, LogEntry};
pub use claim::{Claim, UnknownClaim};
pub use claimed::Claimed;
pub use conditions::{ClaimCondition, Comparison, Conditions};
pub use deployment::{DeployedAuthority, DeployedLog, Deployment, DeploymentError};
pub use error::TrustError;
pub use keyed::{Keyed, Vouched};
pub use keyless::Keyless;
pub use legacy::{LegacyError, attestation_bundle, signature_bundle};
pub use local::read_file_bundle;
pub use matcher::{Matcher, MatcherError};
pub use member::{Member, MemberKind};
pub use rules::{Log, Rules};
pub use sigstore_types::Bundle;
pub use trusted_root::{TrustedRoot, TrustedRootError};
