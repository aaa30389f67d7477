//! What came with an image that was built elsewhere. It counts if it is signed by somebody whom the policy names; all else is only noted as
//! being there, so that the gate can say that it does not count.

use crate::{ImportProblem, Job, ReleaseError, origin};
use consign_image::Place;
use consign_oci::{Descriptor, Document, Exact, Platform, media_type};
use consign_receipt::{Receipt, Statement, Trust, predicate};
use consign_sign::{Bundle, PublicKey, bundle_of};
use serde_json::Value;

/// Most manifests about one platform that are looked at.
const REFERRER_LIMIT: usize = 1_000;
/// The types that are heard. What is in an image is always looked up again.
const HEARD: [&str; 2] = [predicate::PROVENANCE, predicate::TEST_RESULT];
/// The annotations by which manifests say what they carry. Nothing vouches for them.
const STATED: [&str; 2] = ["dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type"];

/// Returns the receipts about a platform: of those that one of the keys signed all, of others one for each type, without what it claims.
pub(crate) async fn receipts(
    job: &Job,
    platform: &Platform,
    subject: &Descriptor,
    keys: &[&PublicKey],
) -> Result<Vec<Receipt>, ReleaseError> {
    let mut found: Vec<Receipt> = Vec::new();
    for place in &job.from {
        let failed = |problem| ReleaseError::Import { place: place.describe(), problem: Box::new(problem) };
        let referrers = place.referrers(&subject.digest).await?;
        if referrers.len() > REFERRER_LIMIT {
            let (platform, count, limit) = (platform.clone(), referrers.len(), REFERRER_LIMIT);
            return Err(failed(ImportProblem::TooManyReferrers { platform, count, limit }));
        }
        for referrer in &referrers {
            let Some(receipt) = receipt(place, referrer, subject, keys).await? else { continue };
            if !HEARD.contains(&receipt.statement.predicate_type.as_str()) {
                continue;
            }
            origin::check(job, platform, &receipt.statement).map_err(failed)?;
            let receipt = if receipt.trust == Trust::Unproven { noted(subject, &receipt)? } else { receipt };
            if found.iter().all(|other| other.statement.digest() != receipt.statement.digest()) {
                found.push(receipt);
            }
        }
    }
    Ok(found)
}

/// Returns the receipt without its claim.
fn noted(subject: &Descriptor, receipt: &Receipt) -> Result<Receipt, serde_json::Error> {
    let statement = Statement::new(&subject.digest, &receipt.statement.predicate_type, Value::Null);
    Ok(Receipt { statement: Exact::write(statement)?, trust: Trust::Unproven })
}

async fn receipt(
    place: &Place,
    referrer: &Descriptor,
    subject: &Descriptor,
    keys: &[&PublicKey],
) -> Result<Option<Receipt>, ReleaseError> {
    let Document::Manifest(manifest) = place.document(referrer).await? else { return Ok(None) };
    let stated = STATED.iter().find_map(|key| manifest.annotations.get(*key));
    let unproven = || -> Result<Option<Receipt>, ReleaseError> {
        let Some(stated) = stated.filter(|stated| HEARD.contains(&stated.as_str())) else { return Ok(None) };
        let statement = Statement::new(&subject.digest, stated, Value::Null);
        Ok(Some(Receipt { statement: Exact::write(statement)?, trust: Trust::Unproven }))
    };
    if let Some(layer) = bundle_of(&manifest) {
        let Ok(bundle) = Bundle::read(&place.bytes(layer, consign_sign::LIMIT).await?) else { return unproven() };
        let signed = keys.iter().find_map(|key| {
            let statement = bundle.verify(key, &subject.digest).ok()?;
            Some(Receipt { statement, trust: Trust::Signed(key.identity()) })
        });
        return signed.map_or_else(unproven, |receipt| Ok(Some(receipt)));
    }
    match &manifest.layers[..] {
        [layer] if layer.media_type == media_type::IN_TOTO => {
            let statement = Exact::<Statement>::read(place.bytes(layer, consign_sign::LIMIT).await?).ok();
            Ok(statement.map(|statement| Receipt { statement, trust: Trust::Unproven }))
        }
        _ => Ok(None),
    }
}
