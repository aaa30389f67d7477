use crate::TrustError;
use crate::member::hex;
use crate::statement::Statement;
use consign_oci::Digest;
use consign_sign::LIMIT;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_types::{
    Bundle, HashAlgorithm, KindVersion, MessageSignature, SignatureContent, VerificationMaterialContent,
};

/// Most log entries of a bundle, most timestamps, and most certificates. Those of Sigstore have one of each.
const EVIDENCE: usize = 16;
/// Most signatures of a log's checkpoint, of which the log's own is one.
const WITNESSES: usize = 64;

/// What a bundle must have, and may have only one of. The parser takes a version where there is none, and looks at one signature where there are two.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    #[serde(rename = "mediaType")]
    _media_type: String,
    verification_material: Material,
    message_signature: Option<IgnoredAny>,
    dsse_envelope: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
    public_key: Option<IgnoredAny>,
}

/// Returns the SHA-256 digest of the file that a bundle says it is a signature of; `None` for a statement's. Nothing vouches for it.
pub fn signed_digest(bundle: &Bundle) -> Option<Digest> {
    let SignatureContent::MessageSignature(message) = &bundle.content else { return None };
    let digest = message.message_digest.as_ref().filter(|digest| digest.algorithm == HashAlgorithm::Sha2256)?;
    format!("sha256:{}", hex(digest.digest.as_bytes())).parse().ok()
}

/// Reads a Sigstore bundle of version 0.1, 0.2 or 0.3 (`sigstore_bundle.proto`). Nothing is verified.
pub fn read_bundle(bytes: &[u8]) -> Result<Bundle, TrustError> {
    let length = bytes.len() as u64;
    if length > LIMIT {
        return Err(TrustError::TooLarge { length });
    }
    let malformed = |source| TrustError::Bundle { source };
    let shape: Shape = serde_json::from_slice(bytes).map_err(malformed)?;
    let material = &shape.verification_material;
    let signers = [&material.certificate, &material.x509_certificate_chain, &material.public_key];
    for (what, of) in [("signer", &signers[..]), ("signature", &[&shape.message_signature, &shape.dsse_envelope])] {
        let count = of.iter().filter(|one| one.is_some()).count();
        if count != 1 {
            return Err(TrustError::OneOf { what, count });
        }
    }
    let bundle: Bundle = serde_json::from_slice(bytes).map_err(malformed)?;
    check(&bundle)?;
    Ok(bundle)
}

/// Refuses a bundle that would cost much to verify, and what is signed as a statement and is none. Returns the statement in it.
pub(crate) fn check(bundle: &Bundle) -> Result<Option<Statement>, TrustError> {
    let material = &bundle.verification_material;
    let certificates = match &material.content {
        VerificationMaterialContent::X509CertificateChain { certificates } => certificates.len(),
        _ => 1,
    };
    let checkpoints =
        material.tlog_entries.iter().filter_map(|entry| entry.inclusion_proof.as_ref()?.checkpoint.checkpoint());
    let signatures = checkpoints.map(|checkpoint| checkpoint.signatures().len()).max().unwrap_or_default();
    for (what, count, limit) in [
        ("log entries", material.tlog_entries.len(), EVIDENCE),
        ("timestamps", material.timestamp_verification_data.rfc3161_timestamps.len(), EVIDENCE),
        ("certificates", certificates, EVIDENCE),
        ("signatures of a checkpoint", signatures, WITNESSES),
    ] {
        if count > limit {
            return Err(TrustError::TooMuch { what, count, limit });
        }
    }
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Statement::read(envelope).map(Some),
        _ => Ok(None),
    }
}

/// Returns the bytes of the statement that a bundle signs; `None` if it signs something else.
pub fn statement(bundle: &Bundle) -> Option<&[u8]> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes()),
        _ => None,
    }
}

/// Returns a bundle with a statement as one of a file, and that file, where a log has its signature as it has those of files (`hashedrekord` 0.0.1): the
/// signature is one of the payload with its type (DSSE 1.0, `protocol.md`), and so is the log's entry.
pub(crate) fn as_file(bundle: &Bundle) -> Option<(Bundle, Vec<u8>)> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { return None };
    let entries = &bundle.verification_material.tlog_entries;
    entries.iter().find(|entry| entry.kind_version == KindVersion::HashedRekordV001)?;
    let mut of_file = bundle.clone();
    of_file.content = SignatureContent::MessageSignature(MessageSignature::new(envelope.signature.sig.clone()));
    Some((of_file, envelope.pae()))
}
