use crate::fetch::{self, Stop, settle, stop};
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, media_type};
use consign_receipt::{Receipt, Trust, predicate};
use consign_sign::{BUNDLE, Bundle, BundleError, LIMIT, PublicKey, bundle_of};
use futures::StreamExt as _;

/// Most referrers of one manifest that are looked at.
const REFERRER_LIMIT: usize = 1_000;
/// Requests under way at once.
const CONCURRENCY: usize = 8;
/// The annotation by which bundles' manifests and their descriptors say what is signed. Nothing vouches for it.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// What a key's holder claims about one manifest.
#[derive(Debug, Default)]
pub(crate) struct Attestations {
    /// The claims that the key signed, each with the piece that it came in.
    pub(crate) receipts: Vec<(Piece, Receipt)>,
    /// Bundles that are wrong.
    pub(crate) failures: Vec<Failure>,
    /// How many bundles are somebody else's.
    pub(crate) foreign: usize,
}

impl Attestations {
    /// Returns the pieces that hold a claim of this type.
    pub(crate) fn of_type<'a>(&'a self, predicate_type: &'a str) -> impl Iterator<Item = &'a (Piece, Receipt)> {
        self.receipts.iter().filter(move |(_, receipt)| receipt.statement.predicate_type == predicate_type)
    }

    /// Returns whether the key signed the manifest itself: a claim of another type about it is not a signature.
    pub(crate) fn is_signed(&self) -> bool {
        self.of_type(predicate::SIGNATURE).next().is_some()
    }
}

/// Lists what is about `subject` and checks each bundle among it.
pub(crate) async fn attestations(
    place: &Place,
    subject: &Digest,
    owner: &Owner,
    key: &PublicKey,
) -> Result<Attestations, VerifyError> {
    let mut found = Attestations::default();
    let list = Piece::new(Part::Referrers, owner, subject);
    let referrers = place.referrers(subject).await.map_err(|error| stop(&list, error));
    let Some(referrers) = settle(referrers, &mut found.failures)? else { return Ok(found) };
    if referrers.len() > REFERRER_LIMIT {
        found.failures.push(Failure::TooMany {
            piece: list,
            what: "manifests",
            count: referrers.len(),
            limit: REFERRER_LIMIT,
        });
        return Ok(found);
    }
    let checks = referrers.iter().filter(|referrer| may_carry_a_bundle(referrer));
    let checks = checks.map(|referrer| attestation(place, referrer, subject, owner, key)).collect::<Vec<_>>();
    let mut results = futures::stream::iter(checks).buffered(CONCURRENCY);
    while let Some(result) = results.next().await {
        match settle(result, &mut found.failures)? {
            Some(Content::Claim(piece, receipt)) => found.receipts.push((piece, *receipt)),
            Some(Content::Foreign) => found.foreign += 1,
            Some(Content::Other) | None => {}
        }
    }
    Ok(found)
}

/// What a referrer turns out to be.
enum Content {
    /// A claim that the key signed.
    Claim(Piece, Box<Receipt>),
    /// A bundle of somebody else's, or of a kind that is not read.
    Foreign,
    /// No bundle.
    Other,
}

/// Returns whether a listed referrer is worth opening. Some clients list bundles as empty documents, or without a type.
fn may_carry_a_bundle(referrer: &Descriptor) -> bool {
    match referrer.artifact_type.as_deref() {
        None | Some("" | media_type::EMPTY) => media_type::is_manifest(&referrer.media_type),
        Some(artifact_type) => {
            artifact_type == BUNDLE || artifact_type.starts_with("application/vnd.dev.sigstore.bundle")
        }
    }
}

async fn attestation(
    place: &Place,
    referrer: &Descriptor,
    subject: &Digest,
    owner: &Owner,
    key: &PublicKey,
) -> Result<Content, Stop> {
    let part = Part::of_predicate(referrer.annotations.get(PREDICATE_TYPE).map(String::as_str));
    let piece = Piece::new(part, owner, &referrer.digest);
    let Document::Manifest(manifest) = fetch::document(place, referrer, &piece).await? else {
        return Ok(Content::Other);
    };
    let Some(layer) = bundle_of(&manifest) else { return Ok(Content::Other) };
    if manifest.subject.as_ref().is_none_or(|found| found.digest != *subject) {
        return Ok(Content::Other);
    }
    let part = Part::of_predicate(manifest.annotations.get(PREDICATE_TYPE).map(String::as_str));
    let piece = Piece::new(part, owner, &layer.digest);
    let bytes = fetch::blob(place, layer, LIMIT, &piece).await?;
    // Its bytes are what somebody pushed, but nothing says that it was the key's holder.
    let Ok(bundle) = Bundle::read(&bytes) else { return Ok(Content::Foreign) };
    match bundle.verify(key, subject) {
        Ok(statement) => {
            let piece = Piece { part: Part::of_predicate(Some(&statement.predicate_type)), ..piece };
            Ok(Content::Claim(piece, Box::new(Receipt { statement, trust: Trust::Signed(key.identity()) })))
        }
        Err(BundleError::Signature { .. }) if !bundle.names(key) => Ok(Content::Foreign),
        Err(source) => Err(Failure::Bundle { piece, source }.into()),
    }
}
