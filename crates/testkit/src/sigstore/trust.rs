//! What clients are told of the services: whom to trust, and whom to ask (sigstore protobuf-specs, `sigstore_trustroot.proto`).

use super::State;
use super::key::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(super) fn trusted_root(state: &State) -> Value {
    let valid = json!({ "start": start(state) });
    let chain = |certificates: &[&Vec<u8>]| {
        let certificates = certificates.iter().map(|bytes| json!({ "rawBytes": BASE64.encode(bytes) }));
        json!({ "certificates": certificates.collect::<Vec<_>>() })
    };
    // Logs are known by their names, which some clients look for in their addresses.
    let log = |name: &str, key: &Key| {
        json!({
            "baseUrl": format!("https://{name}"),
            "hashAlgorithm": "SHA2_256",
            "publicKey": { "rawBytes": BASE64.encode(&key.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid },
            "logId": { "keyId": BASE64.encode(key.identifier()) },
        })
    };
    let subject = json!({ "organization": "test", "commonName": "test" });
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log("log.test", &state.log.key), log("old-log.test", &state.old_log.key)],
        "certificateAuthorities": [{
            "subject": subject,
            "uri": format!("{}/authority", state.address),
            "certChain": chain(&[&state.intermediate.certificate, &state.root.certificate]),
            "validFor": valid,
        }],
        "ctlogs": [log("certificates.test", &state.certificate_log)],
        "timestampAuthorities": [{
            "subject": subject,
            "uri": format!("{}/timestamps/api/v1/timestamp", state.address),
            "certChain": chain(&[&state.timestamps.certificate, &state.root.certificate]),
            "validFor": valid,
        }],
    })
}

/// Returns which services to ask, with this version of the log.
pub(super) fn signing_config(state: &State, version: u32) -> Value {
    let service = |path: &str, version: u32| {
        json!({
            "url": format!("{}{path}", state.address),
            "majorApiVersion": version,
            "validFor": { "start": start(state) },
            "operator": "test",
        })
    };
    let log = if version == 1 { "/old-log" } else { "/log" };
    json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("/authority", 1)],
        "oidcUrls": [service("/issuer", 1)],
        "rekorTlogUrls": [service(log, version)],
        "tsaUrls": [service("/timestamps/api/v1/timestamp", 1)],
        "rekorTlogConfig": { "selector": "ANY" },
        "tsaConfig": { "selector": "ANY" },
    })
}

pub(super) fn client_trust_config(state: &State, version: u32) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": trusted_root(state),
        "signingConfig": signing_config(state, version),
    })
}

fn start(state: &State) -> String {
    (state.started - SignedDuration::from_hours(2)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
