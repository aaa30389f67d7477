use crate::TrustError;
use consign_oci::Digest;
use consign_sign::LIMIT;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_types::{Bundle, HashAlgorithm, SignatureContent, Statement};

/// The versions of in-toto statements that are read: cosign still writes the older one in attestations.
const STATEMENTS: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];

/// Most log entries of a bundle, and most timestamps. Those of Sigstore have one of each.
const EVIDENCE: usize = 16;

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
    let hex: String = digest.digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").parse().ok()
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

/// Refuses a bundle that would cost much to verify, and a statement of another version.
pub(crate) fn check(bundle: &Bundle) -> Result<(), TrustError> {
    let material = &bundle.verification_material;
    for count in [material.tlog_entries.len(), material.timestamp_verification_data.rfc3161_timestamps.len()] {
        if count > EVIDENCE {
            return Err(TrustError::TooMuch { count, limit: EVIDENCE });
        }
    }
    if let SignatureContent::DsseEnvelope(envelope) = &bundle.content {
        let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes())
            .map_err(|source| TrustError::Statement { detail: source.to_string() })?;
        if !STATEMENTS.contains(&statement.type_.as_str()) {
            let detail = format!("it is a `{}`", crate::shown::shown(&statement.type_));
            return Err(TrustError::Statement { detail });
        }
    }
    Ok(())
}

/// Returns the bytes of the statement that a bundle signs; `None` if it signs something else.
pub fn statement(bundle: &Bundle) -> Option<&[u8]> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes()),
        _ => None,
    }
}
