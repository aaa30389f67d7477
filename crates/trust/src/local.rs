//! Signatures of files as cosign kept them before it had bundles: in a file that holds what annotations of layers do (cosign 2, `LocalSignedPayload`).

use crate::legacy::{BUNDLE, CERTIFICATE, SIGNATURE};
use crate::{LegacyError, TrustError, attestation_bundle, read_bundle, signature_bundle};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_sign::LIMIT;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use sigstore_types::Bundle;
use std::collections::BTreeMap;

/// What the fields are called that hold what annotations do.
const FIELDS: [(&str, &str); 3] = [(SIGNATURE, "base64Signature"), (CERTIFICATE, "cert"), (BUNDLE, "rekorBundle")];
/// What a public key begins with, which may stand in the place of a certificate.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----";

/// What tells one form from the other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<IgnoredAny>,
    base64_signature: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LocalSignature {
    base64_signature: String,
    cert: Option<String>,
    rekor_bundle: Option<Value>,
}

/// Reads what says whose signature of a file it is: a Sigstore bundle, or what `cosign sign-blob --bundle` and `attest-blob --bundle` wrote before
/// version 3. Nothing is verified.
pub fn read_file_bundle(bytes: &[u8]) -> Result<Bundle, TrustError> {
    let length = bytes.len() as u64;
    if length > LIMIT {
        return Err(TrustError::TooLarge { length });
    }
    let shape = serde_json::from_slice::<Shape>(bytes);
    match shape.is_ok_and(|shape| shape.base64_signature.is_some() && shape.media_type.is_none()) {
        true => read(bytes),
        false => read_bundle(bytes),
    }
}

fn read(bytes: &[u8]) -> Result<Bundle, TrustError> {
    let local: LocalSignature = serde_json::from_slice(bytes).map_err(|source| TrustError::Bundle { source })?;
    let mut annotations = BTreeMap::new();
    if let Some(certificate) = local.cert.map(plain).filter(|text| !text.trim_start().starts_with(PUBLIC_KEY)) {
        annotations.insert(CERTIFICATE.to_owned(), certificate);
    }
    if let Some(entry) = local.rekor_bundle.filter(|entry| !entry.is_null()) {
        annotations.insert(BUNDLE.to_owned(), entry.to_string());
    }
    // That of an attestation is its whole envelope.
    let envelope = STANDARD.decode(&local.base64_signature).ok();
    let envelope = envelope.filter(|bytes| serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(bytes).is_ok());
    annotations.insert(SIGNATURE.to_owned(), local.base64_signature);
    let bundle = match envelope {
        Some(envelope) => attestation_bundle(&annotations, &envelope),
        None => signature_bundle(&annotations),
    };
    bundle.map_err(|source| TrustError::Local { source: named(source) })
}

/// Returns a certificate as PEM. cosign writes it in Base64, and reads it either way.
fn plain(text: String) -> String {
    let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or(text)
}

/// Names a field in the place of the annotation that holds the same.
fn named(error: LegacyError) -> LegacyError {
    let field = |name: &'static str| FIELDS.iter().find(|(known, _)| *known == name).map_or(name, |(_, field)| field);
    match error {
        LegacyError::TooLong { what, length, limit } => LegacyError::TooLong { what: field(what), length, limit },
        LegacyError::Annotation { name, detail } => LegacyError::Annotation { name: field(name), detail },
        other => other,
    }
}
