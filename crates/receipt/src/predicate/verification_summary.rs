use super::ResourceDescriptor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a verification ended, for those who leave it to somebody whom they trust (SLSA v1.1, `verification_summary.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// Who verified.
    pub verifier: Verifier,
    /// When, as RFC 3339 has it, in UTC.
    pub time_verified: String,
    /// The name that was verified, as a URI.
    pub resource_uri: String,
    /// What was asked for. It has a URI.
    pub policy: ResourceDescriptor,
    /// The signed statements that counted, each with its digest; empty where the verification failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_attestations: Vec<ResourceDescriptor>,
    /// Whether it passed.
    pub verification_result: VerificationResult,
    /// The highest level of each track of SLSA, or `FAILED`.
    pub verified_levels: Vec<String>,
    /// By which version of SLSA, `MAJOR.MINOR`.
    pub slsa_version: String,
}

/// Who verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// Names them, as a URI.
    pub id: String,
    /// Versions of what they verified with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// How a verification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// All that was asked for is there.
    Passed,
    /// It is not.
    Failed,
}

impl VerificationSummary {
    /// The version of SLSA whose levels are meant.
    pub const SLSA_VERSION: &str = "1.1";
    /// There is provenance. More would say what the builder is like, which its provenance does not show.
    pub const LEVEL_1: &str = "SLSA_BUILD_LEVEL_1";
    /// No level was looked at.
    pub const UNEVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";
    /// The verification failed.
    pub const FAILED: &str = "FAILED";
}
