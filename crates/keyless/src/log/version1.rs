//! Rekor's version 1 (rekor, `openapi.yaml`): entries of the kinds hashedrekord 0.0.1 and dsse 0.0.1.

use super::{Logged, Submission};
use crate::KeylessError;
use crate::authority::below;
use crate::web::Request;
use reqwest::header::LOCATION;
use sigstore_rekor::body::RekorEntryBody;
use sigstore_rekor::{DsseEntry, HashedRekord, LogEntry};
use sigstore_types::{DerCertificate, KindVersion, TransparencyLogEntry};
use std::collections::BTreeMap;

const ENTRIES: &str = "/api/v1/log/entries";
/// The status of what is in the log already.
const CONFLICT: u16 = 409;

pub(super) async fn add(submission: &Submission<'_>) -> Result<TransparencyLogEntry, KeylessError> {
    let Submission { web, log, logged, certificate } = *submission;
    let unreadable = || submission.unreadable();
    let (kind, body) = match logged {
        Logged::Hash(hash, signature) => {
            (KindVersion::HashedRekordV001, serde_json::to_vec(&HashedRekord::new(hash, signature, certificate)))
        }
        Logged::Envelope(envelope) => {
            let entry = DsseEntry::new(envelope, certificate).map_err(|_| unreadable())?;
            (KindVersion::DsseV001, serde_json::to_vec(&entry))
        }
    };
    let mut answer = submission.post(ENTRIES, body.map_err(|source| KeylessError::Write { source })?).await?;
    // An earlier try may have reached the log, though its answer never came.
    if answer.status == CONFLICT {
        let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        let identifier = location.rsplit('/').next().unwrap_or_default();
        let is_identifier =
            matches!(identifier.len(), 64 | 80) && identifier.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_identifier {
            answer = web.ask(Request::get(below(log, &format!("{ENTRIES}/{identifier}")))).await?;
        }
    }
    if !answer.is_success() {
        return Err(submission.refused(&answer));
    }
    let entries: BTreeMap<String, LogEntry> = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    let entry = entries.into_values().next().ok_or_else(unreadable)?;
    let entry = entry.to_bundle_entry(kind).map_err(|_| unreadable())?;
    if entry.inclusion_promise.is_none() || entry.integrated_time.is_none() {
        return Err(unreadable());
    }
    let body = RekorEntryBody::parse(&entry.canonicalized_body, kind).map_err(|_| unreadable())?;
    if is_about(&body, logged, certificate) { Ok(entry) } else { Err(submission.other()) }
}

fn is_about(body: &RekorEntryBody, logged: &Logged<'_>, certificate: &DerCertificate) -> bool {
    match (body, logged) {
        (RekorEntryBody::HashedRekordV001(body), Logged::Hash(hash, signature)) => {
            let (data, signed) = (&body.spec.data, &body.spec.signature);
            data.hash.value.as_str() == hash.to_hex()
                && signed.content == **signature
                && signed.public_key.parse_certificate().is_ok_and(|verifier| verifier == *certificate)
        }
        (RekorEntryBody::DsseV001(body), Logged::Envelope(envelope)) => {
            let hash = sigstore_crypto::sha256(envelope.payload.as_bytes()).to_hex();
            let signed = match &body.spec.signatures[..] {
                [signed] => signed,
                _ => return false,
            };
            body.spec.payload_hash.value == hash
                && signed.signature == envelope.signature.sig
                && signed.parse_certificate().is_ok_and(|verifier| verifier == *certificate)
        }
        _ => false,
    }
}
