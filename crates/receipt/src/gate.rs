use crate::predicate::{self, Provenance, ReleasedDestination, TestOutcome, TestResult};
use crate::{Policy, Receipt, Requirement};
use consign_oci::{Digest, Platform};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// An image with all its platforms, on its way to some destinations.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Name of the image, for messages.
    pub name: String,
    /// Digest of the index.
    pub index: Digest,
    /// The platforms that were planned.
    pub planned: Vec<Platform>,
    /// The platforms that are there.
    pub platforms: Vec<PlatformCandidate>,
    /// Where it is to go, and under which tags.
    pub destinations: Vec<ReleasedDestination>,
}

/// One platform of an image.
#[derive(Clone, Debug)]
pub struct PlatformCandidate {
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Digest of the list of tests that were planned for it. `None` where no tests are planned, or where the plan is not known.
    pub tests: Option<Digest>,
    /// What is claimed about it.
    pub receipts: Vec<Receipt>,
}

/// That an image passed the gate. Its fields are private and [`gate`] alone makes it, so that nothing else can be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    index: Digest,
    platforms: Vec<(Platform, Digest)>,
    tests: BTreeMap<Platform, Digest>,
    destinations: Vec<ReleasedDestination>,
    policy: Digest,
    requirements: Vec<Requirement>,
}

impl Verdict {
    /// Returns the digest of the index that passed.
    pub fn index(&self) -> &Digest {
        &self.index
    }

    /// Returns the platforms that passed, with their manifests.
    pub fn platforms(&self) -> &[(Platform, Digest)] {
        &self.platforms
    }

    /// Returns the digest of the tests that were planned for a platform and of which a trial passed; `None` where none were planned.
    pub fn tests(&self, platform: &Platform) -> Option<&Digest> {
        self.tests.get(platform)
    }

    /// Returns where the image may go, and under which tags.
    pub fn destinations(&self) -> &[ReleasedDestination] {
        &self.destinations
    }

    /// Returns the digest of the policy.
    pub fn policy(&self) -> &Digest {
        &self.policy
    }

    /// Returns what the policy asked for, in order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }
}

/// Why an image did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No platform at all.
    #[error("the image has no platform")]
    NoPlatform,
    /// A planned platform is not there.
    #[error("{platform}: planned, but not built")]
    MissingPlatform {
        /// The platform.
        platform: Platform,
    },
    /// A platform is there that was not planned.
    #[error("{platform}: built, but not planned")]
    UnplannedPlatform {
        /// The platform.
        platform: Platform,
    },
    /// Two images for the same platform.
    #[error("{platform}: there are two images for it")]
    DuplicatePlatform {
        /// The platform.
        platform: Platform,
    },
    /// Nothing that counts speaks for the requirement.
    #[error("{platform}: no {requirement}{}", if *.unproven { " that counts: what there is was neither made here nor signed by an identity that the policy names" } else { "" })]
    Missing {
        /// The platform.
        platform: Platform,
        /// What is required.
        requirement: Requirement,
        /// Whether a receipt is there that does not count.
        unproven: bool,
    },
    /// A receipt that counts does not say what its type promises.
    #[error("{platform}: the {requirement} is malformed: {detail}")]
    Malformed {
        /// The platform.
        platform: Platform,
        /// What is required.
        requirement: Requirement,
        /// What is wrong with it.
        detail: String,
    },
    /// A trial failed.
    #[error("{platform}: trial failed: {}", .tests.join(", "))]
    TrialFailed {
        /// The platform.
        platform: Platform,
        /// The tests that failed.
        tests: Vec<String>,
    },
}

impl Reason {
    /// Returns the platform that it is about.
    pub fn platform(&self) -> Option<&Platform> {
        match self {
            Self::NoPlatform => None,
            Self::MissingPlatform { platform }
            | Self::UnplannedPlatform { platform }
            | Self::DuplicatePlatform { platform }
            | Self::Missing { platform, .. }
            | Self::Malformed { platform, .. }
            | Self::TrialFailed { platform, .. } => Some(platform),
        }
    }

    /// Returns whether it is about a trial that failed, which has an exit code of its own.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::TrialFailed { .. })
    }
}

/// Judges an image. Pure: the same image, receipts and policy always give the same verdict.
///
/// All receipts that count are heard, and any failure among them fails: adding a receipt never turns a failure into a pass.
pub fn gate(candidate: &Candidate, policy: &Policy) -> Result<Verdict, Vec<Reason>> {
    let mut reasons = completeness(candidate);
    for platform in &candidate.platforms {
        provenance(platform, policy, &mut reasons);
        sbom(platform, policy, &mut reasons);
        trials(platform, policy, &mut reasons);
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    Ok(Verdict {
        index: candidate.index.clone(),
        platforms: candidate
            .platforms
            .iter()
            .map(|platform| (platform.platform.clone(), platform.digest.clone()))
            .collect(),
        tests: candidate
            .platforms
            .iter()
            .filter_map(|platform| Some((platform.platform.clone(), platform.tests.clone()?)))
            .collect(),
        destinations: candidate.destinations.clone(),
        policy: policy.digest(),
        requirements: policy.requirements().collect(),
    })
}

/// Whatever the policy says, an image with a missing, unplanned or doubled platform is never published.
fn completeness(candidate: &Candidate) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if candidate.platforms.is_empty() {
        reasons.push(Reason::NoPlatform);
    }
    let planned: BTreeSet<&Platform> = candidate.planned.iter().collect();
    let mut built = BTreeSet::new();
    for PlatformCandidate { platform, .. } in &candidate.platforms {
        if !built.insert(platform) {
            reasons.push(Reason::DuplicatePlatform { platform: platform.clone() });
        }
        if !planned.contains(platform) {
            reasons.push(Reason::UnplannedPlatform { platform: platform.clone() });
        }
    }
    let missing = planned.difference(&built).map(|platform| Reason::MissingPlatform { platform: (*platform).clone() });
    reasons.extend(missing);
    reasons
}

fn provenance(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::Provenance);
    let claims: Vec<Provenance> =
        claims(candidate, predicate::PROVENANCE, Requirement::Provenance, required, policy, reasons);
    for claim in claims {
        if let Some(input) = claim.build_definition.resolved_dependencies.iter().find(|input| input.digest.is_empty()) {
            let name = input.uri.as_deref().or(input.name.as_deref()).unwrap_or("an input");
            reasons.push(malformed(candidate, Requirement::Provenance, format!("{name} has no digest")));
        }
    }
}

fn sbom(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::Sbom);
    let claims: Vec<serde_json::Value> =
        claims(candidate, predicate::SBOM, Requirement::Sbom, required, policy, reasons);
    for claim in claims {
        if !claim.get("spdxVersion").is_some_and(serde_json::Value::is_string) {
            reasons.push(malformed(candidate, Requirement::Sbom, "it has no `spdxVersion`".to_owned()));
        }
    }
}

fn trials(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::Trials) || candidate.tests.is_some();
    let claims: Vec<TestResult> =
        claims(candidate, predicate::TEST_RESULT, Requirement::Trials, required, policy, reasons);
    if claims.is_empty() {
        return;
    }
    for claim in &claims {
        if claim.result == TestOutcome::Failed || !claim.failed_tests.is_empty() {
            let tests = claim.failed_tests.clone();
            reasons.push(Reason::TrialFailed { platform: candidate.platform.clone(), tests });
        }
    }
    // A trial of other tests than the planned ones says nothing about the planned ones.
    if let Some(planned) = &candidate.tests {
        let of_planned = |claim: &TestResult| {
            claim.configuration.iter().any(|tests| tests.digest.get("sha256").is_some_and(|hex| hex == planned.hex()))
        };
        if !claims.iter().any(of_planned) {
            let platform = candidate.platform.clone();
            reasons.push(Reason::Missing { platform, requirement: Requirement::Trials, unproven: false });
        }
    }
}

/// Returns what the receipts that count claim. Says so where there is none although one is required, and where one cannot be read.
fn claims<T: DeserializeOwned>(
    candidate: &PlatformCandidate,
    predicate_type: &str,
    requirement: Requirement,
    required: bool,
    policy: &Policy,
    reasons: &mut Vec<Reason>,
) -> Vec<T> {
    let (believed, unproven): (Vec<&Receipt>, Vec<&Receipt>) = candidate
        .receipts
        .iter()
        .filter(|receipt| receipt.statement.predicate_type == predicate_type)
        .partition(|receipt| policy.believes(receipt) && receipt.statement.is_about(&candidate.digest));
    if believed.is_empty() && required {
        let platform = candidate.platform.clone();
        reasons.push(Reason::Missing { platform, requirement, unproven: !unproven.is_empty() });
    }
    let mut claims = Vec::new();
    for receipt in believed {
        match T::deserialize(&receipt.statement.predicate) {
            Ok(claim) => claims.push(claim),
            Err(error) => reasons.push(malformed(candidate, requirement, error.to_string())),
        }
    }
    claims
}

fn malformed(candidate: &PlatformCandidate, requirement: Requirement, detail: String) -> Reason {
    Reason::Malformed { platform: candidate.platform.clone(), requirement, detail }
}
