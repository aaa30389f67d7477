//! Writes what was signed: in Sigstore bundles v0.3 (sigstore protobuf-specs, `sigstore_bundle.proto`), and as annotations (cosign, `SIGNATURE_SPEC.md`).

use crate::Certificate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Url;
use serde_json::json;
use sigstore_types::bundle::{Rfc3161Timestamp, TimestampVerificationData};
use sigstore_types::{
    Bundle, CertificateContent, DerCertificate, MediaType, SignatureBytes, SignatureContent, TimestampToken,
    TransparencyLogEntry, VerificationMaterial, VerificationMaterialContent,
};
use std::collections::BTreeMap;

/// What was signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The bundle, as JSON.
    pub bundle: Vec<u8>,
    /// The signature in it.
    pub signature: Vec<u8>,
    /// The log entries.
    pub entries: Vec<LogEntry>,
}

/// An entry of a transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The log.
    pub log: Url,
    /// The number of the entry, from 0.
    pub index: u64,
}

/// What shows when something was signed.
pub(crate) struct Evidence {
    pub(crate) entries: Vec<(Url, TransparencyLogEntry)>,
    pub(crate) timestamps: Vec<TimestampToken>,
}

impl Evidence {
    /// Returns the entries as they are told of.
    pub(crate) fn facts(&self) -> Vec<LogEntry> {
        self.entries.iter().map(|(log, entry)| LogEntry { log: log.clone(), index: entry.log_index.get() }).collect()
    }
}

/// Makes a bundle.
pub(crate) fn bundle(certificate: &Certificate, content: SignatureContent, evidence: &Evidence) -> Bundle {
    let mut timestamps = TimestampVerificationData::default();
    timestamps.rfc3161_timestamps =
        evidence.timestamps.iter().map(|token| Rfc3161Timestamp::new(token.clone())).collect();
    let leaf = CertificateContent::new(certificate.leaf.clone());
    let material = VerificationMaterial::new(VerificationMaterialContent::Certificate(leaf))
        .with_tlog_entries(evidence.entries.iter().map(|(_, entry)| entry.clone()).collect())
        .with_timestamp_verification_data(timestamps);
    Bundle::new(MediaType::Bundle0_3, material, content)
}

/// Makes the annotations of a layer that cosign verified before version 3.
pub(crate) fn annotations(
    certificate: &Certificate,
    signature: &SignatureBytes,
    evidence: &Evidence,
) -> BTreeMap<String, String> {
    // With the ends of lines that Go's encoder writes.
    let pem = |certificate: &DerCertificate| certificate.to_pem().replace("\r\n", "\n");
    let chain: String = certificate.issuers.iter().map(pem).collect();
    let mut annotations = BTreeMap::from([
        ("dev.cosignproject.cosign/signature".to_owned(), signature.to_base64()),
        ("dev.sigstore.cosign/certificate".to_owned(), pem(&certificate.leaf)),
        ("dev.sigstore.cosign/chain".to_owned(), chain),
    ]);
    let promised = evidence.entries.iter().find_map(|(_, entry)| Some((entry, entry.inclusion_promise.as_ref()?)));
    if let Some((entry, promise)) = promised {
        let log: String = entry.log_id.key_id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let bundle = json!({
            "SignedEntryTimestamp": promise.signed_entry_timestamp,
            "Payload": {
                "body": entry.canonicalized_body,
                "integratedTime": entry.integrated_time.map(jiff::Timestamp::as_second),
                "logIndex": entry.log_index.get(),
                "logID": log,
            },
        });
        annotations.insert("dev.sigstore.cosign/bundle".to_owned(), bundle.to_string());
    }
    if let Some(token) = evidence.timestamps.first() {
        let timestamp = json!({ "SignedRFC3161Timestamp": BASE64.encode(token.as_bytes()) });
        annotations.insert("dev.sigstore.cosign/rfc3161timestamp".to_owned(), timestamp.to_string());
    }
    annotations
}
