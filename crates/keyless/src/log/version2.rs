//! Rekor's version 2 (rekor-tiles, `rekor_service.proto`): entries of the kind hashedrekord 0.0.2, also for envelopes.

use super::{Logged, Submission};
use crate::KeylessError;
use sigstore_rekor::body::RekorEntryBody;
use sigstore_rekor::{HashedRekordV2, RekorV2KeyDetails};
use sigstore_types::{DerCertificate, HashAlgorithm, KindVersion, Sha256Hash, SignatureBytes, TransparencyLogEntry};

const ENTRIES: &str = "/api/v2/log/entries";

pub(super) async fn add(submission: &Submission<'_>) -> Result<TransparencyLogEntry, KeylessError> {
    let certificate = submission.certificate;
    let (hash, signature) = match submission.logged {
        Logged::Hash(hash, signature) => (**hash, *signature),
        Logged::Envelope(envelope) => (sigstore_crypto::sha256(&envelope.pae()), &envelope.signature.sig),
    };
    let algorithm = RekorV2KeyDetails::PkixEcdsaP256Sha256;
    let request = HashedRekordV2::new_with_certificate(&hash, signature, certificate, algorithm);
    let body = serde_json::to_vec(&request).map_err(|source| KeylessError::Write { source })?;
    let answer = submission.post(ENTRIES, body).await?;
    if !answer.is_success() {
        return Err(submission.refused(&answer));
    }
    let entry = serde_json::from_slice::<TransparencyLogEntry>(&answer.body).map_err(|_| submission.unreadable())?;
    if entry.inclusion_proof.as_ref().is_none_or(|proof| proof.checkpoint.is_empty()) {
        return Err(submission.unreadable());
    }
    if is_about(&entry, &hash, signature, certificate) { Ok(entry) } else { Err(submission.other()) }
}

fn is_about(
    entry: &TransparencyLogEntry,
    hash: &Sha256Hash,
    signature: &SignatureBytes,
    certificate: &DerCertificate,
) -> bool {
    let body = RekorEntryBody::parse(&entry.canonicalized_body, KindVersion::HashedRekordV002);
    let Ok(RekorEntryBody::HashedRekordV002(body)) = body else { return false };
    let (data, signed) = (&body.spec.hashed_rekord_v002.data, &body.spec.hashed_rekord_v002.signature);
    entry.kind_version == KindVersion::HashedRekordV002
        && data.algorithm == HashAlgorithm::Sha2256
        && data.digest.as_bytes() == hash.as_bytes()
        && signed.content == *signature
        && signed.verifier.x509_certificate.as_ref().is_some_and(|verifier| verifier.raw_bytes == *certificate)
}
