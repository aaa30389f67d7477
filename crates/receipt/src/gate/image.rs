use super::checks::claims;
use super::{PlatformCandidate, Reason};
use crate::predicate::{self, ImageFacts};
use crate::{FactJudgement, Policy, Requirement};
use jiff::civil::Date;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every list that counts is heard, and what each says must pass.
pub(super) fn image(candidate: &PlatformCandidate, policy: &Policy, today: Date, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::ImageFacts);
    let facts: Vec<ImageFacts> =
        claims(candidate, predicate::IMAGE_FACTS, Requirement::ImageFacts, required, policy, reasons);
    let Some(rules) = policy.image() else { return };
    // Where it is required anyway, that it is missing is said already.
    let required = rules.needs_sbom() && !policy.requires(Requirement::Sbom);
    let sboms: Vec<Value> = claims(candidate, predicate::SBOM, Requirement::Sbom, required, policy, reasons);
    // Of several lists that say the same, once is enough. An image can say very much.
    let mut seen = BTreeSet::new();
    let of_facts = facts.iter().flat_map(|facts| rules.findings(Some(facts), None));
    for finding in of_facts.chain(sboms.iter().flat_map(|sbom| rules.findings(None, Some(sbom)))) {
        if let FactJudgement::Refused { ended } = rules.judge(&candidate.platform, &finding, today) {
            let (platform, ended) = (candidate.platform.clone(), ended.cloned().map(Box::new));
            if seen.insert(finding.clone()) {
                reasons.push(Reason::Image { platform, finding: Box::new(finding), ended });
            }
        }
    }
}
