use super::ResourceDescriptor;
use serde::{Deserialize, Serialize};

/// How tests of an image went (in-toto predicate `test-result` v0.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The outcome of all together.
    pub result: TestOutcome,
    /// What was asked: the digest of the list of tests.
    pub configuration: Vec<ResourceDescriptor>,
    /// Names of the tests that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_tests: Vec<String>,
    /// Names of the tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
}

/// The outcome of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestOutcome {
    /// All passed.
    Passed,
    /// Some gave warnings.
    Warned,
    /// At least one failed.
    Failed,
}
