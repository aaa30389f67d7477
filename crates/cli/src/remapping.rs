//! What a person has to say to podman and skopeo of an image that was signed in another repository.

use consign_image::{ImageError, Place};
use consign_oci::{Digest, Document, Repository};
use consign_sign::{LegacyKind, Payload, layers_of};

/// Largest such signature, in bytes.
const LIMIT: u64 = 64 << 10;
/// Most of them that are looked at.
const COUNT: usize = 4;

/// Where an image carries cosign's older signatures, which name its repository, returns how those are told of it who look for the one that it is
/// copied to (containers-policy.json(5), `remapIdentity`).
pub(crate) async fn advice(place: &Place, image: &Digest, destination: &Repository) -> Option<String> {
    // It is a hint: what cannot be read gives none.
    let signed = signed(place, image).await.ok()??;
    (signed != *destination).then(|| {
        format!(
            "note: it carries a signature that names {signed}; who checks that by containers-policy.json(5) has to write for {destination}\n  \
             \"signedIdentity\": {{\"type\": \"remapIdentity\", \"prefix\": \"{destination}\", \"signedPrefix\": \"{signed}\"}}"
        )
    })
}

/// Returns the repository that such a signature names.
async fn signed(place: &Place, image: &Digest) -> Result<Option<Repository>, ImageError> {
    let Some(tag) = LegacyKind::Signatures.tag(image) else { return Ok(None) };
    let Some(found) = place.tagged(&tag).await? else { return Ok(None) };
    let Document::Manifest(manifest) = place.document(&found).await? else { return Ok(None) };
    let signatures = layers_of(&manifest, LegacyKind::Signatures).filter(|layer| layer.size <= LIMIT);
    for signature in signatures.take(COUNT) {
        let payload = Payload::read(&place.bytes(signature, LIMIT).await?);
        if let Some(repository) = payload.ok().and_then(|payload| payload.repository().parse().ok()) {
            return Ok(Some(repository));
        }
    }
    Ok(None)
}
