//! Signatures as cosign kept them before it had bundles: in annotations of layers (cosign, `specs/SIGNATURE_SPEC.md`).

use crate::shown::shown;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigstore_types::bundle::TimestampVerificationData;
use sigstore_types::{
    Bundle, CanonicalizedBody, DerCertificate, DsseEnvelope, InclusionPromise, KindVersion, LogId, LogIndex, LogKeyId,
    MediaType, MessageSignature, PublicKeyIdentifier, Rfc3161Timestamp, Sha256Hash, SignatureBytes, SignatureContent,
    SignedTimestamp, TimestampToken, TransparencyLogEntry, VerificationMaterial, VerificationMaterialContent,
    X509Certificate,
};
use std::collections::BTreeMap;

/// Annotation: the signature in Base64. Empty for attestations.
pub(crate) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Annotation: the signer's certificate, PEM.
pub(crate) const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// Annotation: those who issued it, PEM.
const CHAIN: &str = "dev.sigstore.cosign/chain";
/// Annotation: what a log promised, JSON.
pub(crate) const BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// Annotation: a timestamp, JSON.
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Longest annotation that is read, in bytes. The log's entry of an attestation may have that within.
const LENGTH: usize = 4 << 20;
/// Longest envelope that is read, in bytes.
const ENVELOPE: usize = 16 << 20;
/// Most certificates of a chain.
const CERTIFICATES: usize = 8;

/// Annotations that are no signature.
#[derive(Debug, thiserror::Error)]
pub enum LegacyError {
    /// Something is longer than is read.
    #[error("`{what}` has {length} bytes: at most {limit} are read")]
    TooLong {
        /// The annotation, or the envelope.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// How many are read.
        limit: usize,
    },
    /// There is no signature.
    #[error("there is no signature in it")]
    NoSignature,
    /// A value is malformed.
    #[error("`{name}` is malformed: {detail}")]
    Annotation {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The chain is longer than is read.
    #[error("there are more than {CERTIFICATES} certificates in it")]
    LongChain,
    /// The envelope is none, or has several signatures.
    #[error("not a DSSE envelope of one signature")]
    Envelope {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// There is a timestamp, of the envelope instead of the signature, and nothing else that shows when it was signed.
    #[error("the attestation has a timestamp of its whole envelope, and is in no log: consign does not verify that")]
    EnvelopeTimestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Promise {
    signed_entry_timestamp: String,
    payload: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    signed_timestamp: String,
}

/// Makes a bundle of the annotations of a signature's layer (`.sig`). What is signed is the layer's content, which
/// [`crate::Keyless::verify`] gets as [`crate::Artifact::Bytes`]. Nothing is verified.
pub fn signature_bundle(annotations: &BTreeMap<String, String>) -> Result<Bundle, LegacyError> {
    let signature = get(annotations, SIGNATURE)?.filter(|text| !text.is_empty()).ok_or(LegacyError::NoSignature)?;
    let signature = SignatureBytes::new(decode(SIGNATURE, signature)?);
    let timestamp = timestamp(annotations)?;
    bundle(annotations, SignatureContent::MessageSignature(MessageSignature::new(signature)), timestamp)
}

/// Makes a bundle of the annotations and the content of an attestation's layer (`.att`): a DSSE envelope. Nothing is verified.
///
/// cosign lets the whole envelope be timestamped, and not the signature. Such a timestamp is left out where a log says when it was signed.
pub fn attestation_bundle(annotations: &BTreeMap<String, String>, envelope: &[u8]) -> Result<Bundle, LegacyError> {
    if envelope.len() > ENVELOPE {
        return Err(LegacyError::TooLong { what: "the envelope", length: envelope.len(), limit: ENVELOPE });
    }
    let envelope: DsseEnvelope = serde_json::from_slice(envelope).map_err(|source| LegacyError::Envelope { source })?;
    let is_certified = get(annotations, CERTIFICATE)?.is_some_and(|text| !text.is_empty());
    if is_certified && timestamp(annotations)?.is_some() && get(annotations, BUNDLE)?.is_none() {
        return Err(LegacyError::EnvelopeTimestamp);
    }
    bundle(annotations, SignatureContent::DsseEnvelope(envelope), None)
}

fn bundle(
    annotations: &BTreeMap<String, String>,
    content: SignatureContent,
    timestamp: Option<TimestampToken>,
) -> Result<Bundle, LegacyError> {
    let entry = entry(annotations)?;
    let signer = match certificates(annotations)? {
        Some(certificates) => VerificationMaterialContent::X509CertificateChain { certificates },
        None => VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new("")),
    };
    // Version 0.1 must have a promise, and needs no proof; 0.2 the other way round; 0.3 has no chain.
    let version = match (&entry, &signer) {
        (Some(_), _) => MediaType::Bundle0_1,
        (None, VerificationMaterialContent::PublicKey(_)) => MediaType::Bundle0_3,
        (None, _) => MediaType::Bundle0_2,
    };
    let timestamps = timestamp.map(Rfc3161Timestamp::new).into_iter().collect();
    let material = VerificationMaterial::new(signer)
        .with_tlog_entries(entry.into_iter().collect())
        .with_timestamp_verification_data(TimestampVerificationData::new(timestamps));
    Ok(Bundle::new(version, material, content))
}

fn certificates(annotations: &BTreeMap<String, String>) -> Result<Option<Vec<X509Certificate>>, LegacyError> {
    let Some(signer) = get(annotations, CERTIFICATE)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let signer = pem(CERTIFICATE, signer)?;
    let chain = match get(annotations, CHAIN)? {
        Some(chain) => pem(CHAIN, chain)?,
        None => Vec::new(),
    };
    let [signer] = <[X509Certificate; 1]>::try_from(signer).map_err(|all| LegacyError::Annotation {
        name: CERTIFICATE,
        detail: format!("it has {} certificates", all.len()),
    })?;
    Ok(Some([signer].into_iter().chain(chain).collect()))
}

/// Reads certificates that stand one after the other (RFC 7468).
fn pem(name: &'static str, text: &str) -> Result<Vec<X509Certificate>, LegacyError> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut certificates = Vec::new();
    for block in text.split_inclusive(END).filter(|block| !block.trim().is_empty()) {
        if certificates.len() == CERTIFICATES {
            return Err(LegacyError::LongChain);
        }
        let der = DerCertificate::from_pem(block.trim()).map_err(|error| malformed(name, error))?;
        certificates.push(X509Certificate::new(der));
    }
    Ok(certificates)
}

fn entry(annotations: &BTreeMap<String, String>) -> Result<Option<TransparencyLogEntry>, LegacyError> {
    /// What every entry says of itself.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kind {
        kind: String,
        api_version: String,
    }
    let Some(text) = get(annotations, BUNDLE)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let error = |error: &dyn std::fmt::Display| malformed(BUNDLE, error);
    let promise: Promise = serde_json::from_str(text).map_err(|source| error(&source))?;
    let body = decode(BUNDLE, &promise.payload.body)?;
    let kind: Kind = serde_json::from_slice(&body).map_err(|source| error(&source))?;
    let known = [KindVersion::HashedRekordV001, KindVersion::DsseV001, KindVersion::IntotoV002];
    let version = known
        .into_iter()
        .find(|known| known.kind() == kind.kind && known.version() == kind.api_version)
        .ok_or_else(|| error(&format_args!("entries of the kind `{}/{}` are not read", kind.kind, kind.api_version)))?;
    let log = Sha256Hash::from_hex(&promise.payload.log_id).map_err(|source| error(&source))?;
    let index = LogIndex::new(promise.payload.log_index).map_err(|source| error(&source))?;
    let time = jiff::Timestamp::from_second(promise.payload.integrated_time).map_err(|source| error(&source))?;
    let promised = SignedTimestamp::new(decode(BUNDLE, &promise.signed_entry_timestamp)?);
    let entry = TransparencyLogEntry::new(
        index,
        LogId::new(LogKeyId::from_bytes(log.as_slice())),
        version,
        CanonicalizedBody::new(body),
    );
    Ok(Some(entry.with_integrated_time(time).with_inclusion_promise(InclusionPromise::new(promised))))
}

fn timestamp(annotations: &BTreeMap<String, String>) -> Result<Option<TimestampToken>, LegacyError> {
    let Some(text) = get(annotations, TIMESTAMP)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let timestamp: Timestamp = serde_json::from_str(text).map_err(|error| malformed(TIMESTAMP, error))?;
    Ok(Some(TimestampToken::new(decode(TIMESTAMP, &timestamp.signed_timestamp)?)))
}

fn get<'a>(annotations: &'a BTreeMap<String, String>, name: &'static str) -> Result<Option<&'a str>, LegacyError> {
    match annotations.get(name) {
        Some(text) if text.len() > LENGTH => {
            Err(LegacyError::TooLong { what: name, length: text.len(), limit: LENGTH })
        }
        text => Ok(text.map(String::as_str)),
    }
}

fn decode(name: &'static str, text: &str) -> Result<Vec<u8>, LegacyError> {
    STANDARD.decode(text).map_err(|error| malformed(name, error))
}

fn malformed(name: &'static str, error: impl std::fmt::Display) -> LegacyError {
    LegacyError::Annotation { name, detail: shown(&error.to_string()) }
}
