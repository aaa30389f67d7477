use super::{Candidate, PlatformCandidate, Reason};
use crate::predicate::{self, Provenance, TestOutcome, TestResult};
use crate::{Policy, Receipt, Requirement};
use consign_oci::Platform;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// Whatever the policy says, an image with a missing, unplanned or doubled platform is never published.
pub(super) fn completeness(candidate: &Candidate) -> Vec<Reason> {
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

pub(super) fn provenance(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
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

pub(super) fn sbom(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::Sbom);
    let claims: Vec<serde_json::Value> =
        claims(candidate, predicate::SBOM, Requirement::Sbom, required, policy, reasons);
    for claim in claims {
        if !claim.get("spdxVersion").is_some_and(serde_json::Value::is_string) {
            reasons.push(malformed(candidate, Requirement::Sbom, "it has no `spdxVersion`".to_owned()));
        }
    }
}

pub(super) fn trials(candidate: &PlatformCandidate, policy: &Policy, reasons: &mut Vec<Reason>) {
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
pub(super) fn claims<T: DeserializeOwned>(
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

pub(super) fn malformed(candidate: &PlatformCandidate, requirement: Requirement, detail: String) -> Reason {
    Reason::Malformed { platform: candidate.platform.clone(), requirement, detail }
}
