//! What an image's last release says about what is found in the next one.

use crate::ship::authorities;
use crate::{Release, ReleaseError};
use consign_attach::Signatory;
use consign_image::Place;
use consign_oci::{Platform, Reference};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{
    AdvisoryRules, Candidate, Finding, Judgement, LastRelease, Policy, Receipt, ReleasedContents, Requirement,
};
use consign_verify::{Expectation, Verified, VerifyError};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

impl Release<'_> {
    /// Adds to a policy that asks for it what the last release says. Only what is signed with the key of this release counts, and nothing is asked
    /// where nothing would be refused anyway.
    pub(crate) async fn beside_the_last(
        &self,
        candidate: &Candidate,
        key: Option<&Signatory>,
        policy: Policy,
    ) -> Result<Policy, ReleaseError> {
        let Some(rules) = policy.advisories() else { return Ok(policy) };
        let Some(tag) = &rules.new_since else { return Ok(policy) };
        let refused = refused(candidate, &policy, rules, self.workshop.today());
        let Some(destination) = candidate.destinations.first() else { return Ok(policy) };
        if refused.iter().all(|(_, findings)| findings.is_empty()) {
            return Ok(policy);
        }
        let reference = destination.repository.tagged(tag.clone());
        let Some(last) = self.last(&candidate.name, &reference, key).await? else { return Ok(policy) };
        let mut rules = rules.clone();
        let compared = compared(&last, refused, &rules);
        // The same image again: its record stays as it is.
        let recorded = last.release_record.and_then(|record| record.advisories?.last_release);
        let is_same = last.index == candidate.index && compared.is_nothing_new();
        let recorded = recorded.filter(|recorded| is_same && recorded.covers(&compared));
        rules.last_release = Some(recorded.unwrap_or(compared));
        Ok(policy.tolerating(rules))
    }

    /// Returns the last release, if there is one and the key signed it.
    async fn last(
        &self,
        name: &str,
        reference: &Reference,
        key: Option<&Signatory>,
    ) -> Result<Option<Verified>, ReleaseError> {
        let warn = |why: &str| {
            let message = format!("everything that is found counts as new: {why}");
            self.workshop.warn(name, &[], message);
        };
        let Some(key) = key else {
            warn("without a signing key, nobody knows what the last release says");
            return Ok(None);
        };
        let served = self.workshop.embedded.iter().find(|served| served.host == reference.repository.registry());
        // Where nothing was ever released, serving the folder would only make it.
        if served.is_some_and(|served| !served.root.exists()) {
            return Ok(None);
        }
        let (client, running) = self.connect(served.into_iter()).await?;
        let place = Place::Registry { client, reference: reference.clone() };
        // What it had to show is what its own record says; this release may ask for more.
        let policy = Policy::new([Requirement::Completeness]);
        let authorities = authorities(key).await?;
        let expectation = Expectation {
            policy: Some(&policy),
            released: true,
            ..Expectation::new(&authorities, self.workshop.today())
        };
        let requested = reference.tag.as_ref().map(|tag| (&reference.repository, tag));
        let verified = consign_verify::verify(&place, requested, expectation).await;
        for served in running {
            served.stop().await;
        }
        match verified {
            Ok(verified) => Ok(Some(verified)),
            Err(VerifyError::NotFound { .. }) => Ok(None),
            Err(VerifyError::NotSigned { .. }) => {
                warn(&format!("{reference} is not signed with the key of this release"));
                Ok(None)
            }
            Err(source) => Err(ReleaseError::Verify { reference: reference.clone(), source: Box::new(source) }),
        }
    }
}

/// Returns what the policy refuses on each platform.
fn refused(
    candidate: &Candidate,
    policy: &Policy,
    rules: &AdvisoryRules,
    today: Date,
) -> Vec<(Platform, Vec<Finding>)> {
    let of_platform = candidate.platforms.iter().map(|platform| {
        let mut findings = findings(platform.receipts.iter().filter(|receipt| policy.believes(receipt)));
        let is_refused =
            |finding: &Finding| matches!(rules.judge(&platform.platform, finding, today), Judgement::Refused { .. });
        findings.retain(is_refused);
        (platform.platform.clone(), findings)
    });
    of_platform.collect()
}

/// Compares what is refused with what the last release has.
fn compared(last: &Verified, refused: Vec<(Platform, Vec<Finding>)>, rules: &AdvisoryRules) -> LastRelease {
    let mut compared = LastRelease { index: last.index.clone(), findings: Vec::new() };
    for (platform, findings) in refused {
        let then = last.platforms.iter().find(|then| then.platform == platform);
        let then = then.map(|then| ReleasedContents {
            findings: self::findings(then.receipts.iter()),
            purls: then.receipts.iter().flat_map(purls).collect(),
        });
        compared.compare(&platform, &findings, then.as_ref(), rules);
    }
    compared
}

fn findings<'a>(receipts: impl Iterator<Item = &'a Receipt>) -> Vec<Finding> {
    let claims = receipts.filter(|receipt| receipt.statement.predicate_type == predicate::VULNERABILITIES);
    // What is malformed, the gate says.
    let claims = claims.filter_map(|receipt| Vulnerabilities::deserialize(&receipt.statement.predicate).ok());
    claims.flat_map(|claim| claim.findings()).collect()
}

/// Returns the package URLs in an SBOM.
fn purls(receipt: &Receipt) -> Vec<String> {
    let is_sbom = receipt.statement.predicate_type == predicate::SBOM;
    let packages = receipt.statement.predicate.get("packages").filter(|_| is_sbom).and_then(Value::as_array);
    let references = packages.into_iter().flatten().filter_map(|package| package.get("externalRefs")?.as_array());
    let purls = references.flatten().filter(|reference| reference["referenceType"] == "purl");
    purls.filter_map(|reference| reference["referenceLocator"].as_str()).map(str::to_owned).collect()
}
