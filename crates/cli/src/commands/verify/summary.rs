//! What others get who leave verifying to us.

use crate::arguments::Verify;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::outlet;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use consign_image::ImageReference;
use consign_oci::Digest;
use consign_plan::configuration::PolicyFile;
use consign_receipt::predicate::{
    self, ResourceDescriptor, VERIFICATION_SUMMARY, VerificationResult, VerificationSummary, Verifier,
};
use consign_receipt::{Receipt, Statement, digest_set};
use consign_verify::{Piece, Verified};
use jiff::{Timestamp, Unit};
use std::collections::BTreeMap;
use std::path::Path;

/// Names what is asked for where nobody names a policy.
const DEFAULT_POLICY: &str = "https://consign.dev/policy/default";

/// Writes how the verification of an image ended. Where that cannot be told, nothing is written.
pub(super) fn write(
    file: &Path,
    arguments: &Verify,
    policy: Option<&PolicyFile>,
    image: &Digest,
    result: Result<&Verified, &CommandError>,
) -> Result<(), CommandError> {
    if result.is_err_and(|error| !says_something(error.code)) {
        return Ok(());
    }
    let summary = summary(arguments, policy, result.ok())?;
    let statement = Statement::new(image, VERIFICATION_SUMMARY, serde_json::to_value(summary)?);
    outlet::write(Some(file), format!("{}\n", consign_report::json(&statement)?).as_bytes())
}

/// Returns whether a failure says something about the image.
fn says_something(code: ExitCode) -> bool {
    use ExitCode::{AdvisoryDatabase, NotSigned, Outdated, Policy, Trial, Verification};
    matches!(code, Trial | Policy | Verification | NotSigned | Outdated | AdvisoryDatabase)
}

fn summary(
    arguments: &Verify,
    policy: Option<&PolicyFile>,
    verified: Option<&Verified>,
) -> Result<VerificationSummary, CommandError> {
    let now = Timestamp::now().round(Unit::Second);
    let now = now.map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
    let (verification_result, level) = match verified {
        None => (VerificationResult::Failed, VerificationSummary::FAILED),
        Some(verified) if has_provenance(verified) => (VerificationResult::Passed, VerificationSummary::LEVEL_1),
        Some(_) => (VerificationResult::Passed, VerificationSummary::UNEVALUATED),
    };
    Ok(VerificationSummary {
        verifier: Verifier {
            id: arguments.verifier_id.clone(),
            version: BTreeMap::from([("consign".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        },
        time_verified: now.to_string(),
        resource_uri: match &arguments.reference {
            ImageReference::Registry(reference) => format!("oci://{reference}"),
            other => other.to_string(),
        },
        policy: described(policy, arguments),
        input_attestations: verified
            .iter()
            .flat_map(|verified| &verified.claims)
            .map(|claim| attestation(arguments, claim))
            .collect(),
        verification_result,
        verified_levels: vec![level.to_owned()],
        slsa_version: VerificationSummary::SLSA_VERSION.to_owned(),
    })
}

/// Returns whether somebody whose signatures count says how each platform was built.
fn has_provenance(verified: &Verified) -> bool {
    let has =
        |receipts: &[Receipt]| receipts.iter().any(|receipt| receipt.statement.predicate_type == predicate::PROVENANCE);
    !verified.platforms.is_empty() && verified.platforms.iter().all(|platform| has(&platform.receipts))
}

/// Names the policy; one in a file by its bytes, unless it has a name (RFC 6920, section 3).
fn described(policy: Option<&PolicyFile>, arguments: &Verify) -> ResourceDescriptor {
    let named = arguments.policy_uri.clone();
    let Some(PolicyFile { digest, .. }) = policy else {
        let uri = named.unwrap_or_else(|| DEFAULT_POLICY.to_owned());
        return ResourceDescriptor { uri: Some(uri), ..ResourceDescriptor::default() };
    };
    let uri = named.unwrap_or_else(|| format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(bytes(digest.hex()))));
    ResourceDescriptor { uri: Some(uri), ..ResourceDescriptor::new("", digest) }
}

/// Returns the bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Names a signed statement, so that it can be fetched: `consign download blob REPOSITORY@DIGEST`.
fn attestation(arguments: &Verify, claim: &Piece) -> ResourceDescriptor {
    let uri =
        arguments.reference.repository().map(|repository| format!("oci://{}", repository.at(claim.digest.clone())));
    ResourceDescriptor { name: None, uri, digest: digest_set(&claim.digest) }
}
