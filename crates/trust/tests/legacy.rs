//! Signatures in annotations, as cosign kept them before it had bundles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Good, file, json};
use consign_sign::PublicKey;
use consign_trust::{
    Artifact, Bundle, Conditions, Keyed, Keyless, LegacyError, Log, Rules, TrustError, TrustedRoot, attestation_bundle,
    signature_bundle,
};
use serde_json::Value;
use std::collections::BTreeMap;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Writes what a bundle says as the annotations that cosign would have written.
fn annotations(bundle: &Value) -> BTreeMap<String, String> {
    let material = &bundle["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let log = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
    let log: String = log.iter().map(|byte| format!("{byte:02x}")).collect();
    let number = |value: &Value| value.as_str().unwrap().parse::<i64>().unwrap();
    let promise = serde_json::json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": number(&entry["integratedTime"]),
            "logIndex": number(&entry["logIndex"]),
            "logID": log,
        },
    });
    let mut annotations = BTreeMap::from([(BUNDLE.to_owned(), promise.to_string())]);
    if let Some(signature) = bundle["messageSignature"]["signature"].as_str() {
        annotations.insert(SIGNATURE.to_owned(), signature.to_owned());
    }
    let certificate = [&material["certificate"], &material["x509CertificateChain"]["certificates"][0]];
    if let Some(certificate) = certificate.iter().find_map(|certificate| certificate["rawBytes"].as_str()) {
        annotations.insert(CERTIFICATE.to_owned(), pem(certificate));
    }
    if let Some(timestamp) = material["timestampVerificationData"]["rfc3161Timestamps"][0]["signedTimestamp"].as_str() {
        annotations
            .insert(TIMESTAMP.to_owned(), serde_json::json!({ "SignedRFC3161Timestamp": timestamp }).to_string());
    }
    annotations
}

fn pem(der: &str) -> String {
    let lines: Vec<&str> = der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn verify(name: &str, bundle: &Bundle, artifact: Artifact<'_>, rules: Rules) -> Result<(), TrustError> {
    let good = Good::read(name);
    let root = TrustedRoot::read(good.root.to_string().as_bytes()).unwrap();
    let keyless = Keyless { root, conditions: Conditions::new(good.issuer, good.subject), rules };
    keyless.verify(bundle, artifact).map(drop)
}

#[test]
fn signatures() {
    let (bytes, mut annotations) = (file("blob.txt"), annotations(&json("blob.json")));
    let check = |annotations: &BTreeMap<String, String>, rules: Rules| {
        verify("blob", &signature_bundle(annotations).unwrap(), Artifact::Bytes(&bytes), rules)
    };
    check(&annotations, Rules::default()).unwrap();
    // With those who issued the certificate, which cosign writes too.
    let chain = &Good::read("blob").root["certificateAuthorities"][1]["certChain"]["certificates"];
    let chain = chain.as_array().unwrap().iter().map(|one| pem(one["rawBytes"].as_str().unwrap())).collect::<Vec<_>>();
    annotations.insert(CHAIN.to_owned(), chain.concat());
    check(&annotations, Rules::default()).unwrap();
    let other = Artifact::Bytes(b"another");
    let error = verify("blob", &signature_bundle(&annotations).unwrap(), other, Rules::default());
    assert!(matches!(error, Err(TrustError::Signature { .. })), "{error:?}");

    // In a log, but with nothing else that says when; then the other way round.
    let mut logged = annotations.clone();
    logged.remove(TIMESTAMP);
    check(&logged, Rules::default()).unwrap();
    annotations.remove(BUNDLE);
    assert!(matches!(check(&annotations, Rules::default()), Err(TrustError::NotLogged)));
    let unlogged = Rules { log: Log::Ignored, ..Rules::default() };
    check(&annotations, unlogged).unwrap();
    annotations.remove(TIMESTAMP);
    assert!(matches!(check(&annotations, unlogged), Err(TrustError::NoTime)));
}

#[test]
fn signatures_of_others() {
    let bytes = file("blob.txt");
    let (ours, other) = (annotations(&json("blob.json")), annotations(&json("version-0.2.json")));
    for (name, expected) in [(BUNDLE, "NotYetValid"), (SIGNATURE, "TimestampOfAnother"), (CERTIFICATE, "Expired")] {
        let mut annotations = ours.clone();
        annotations.insert(name.to_owned(), other[name].clone());
        let error = verify("blob", &signature_bundle(&annotations).unwrap(), Artifact::Bytes(&bytes), Rules::default());
        let error = format!("{:?}", error.unwrap_err());
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}

#[test]
fn attestations() {
    for name in ["version-0.1", "attestation"] {
        let bundle = json(&format!("{name}.json"));
        let mut annotations = annotations(&bundle);
        let envelope = bundle["dsseEnvelope"].to_string();
        let made = attestation_bundle(&annotations, envelope.as_bytes()).unwrap();
        verify(name, &made, Artifact::Statement, Rules::default()).unwrap();
        let other = json("rekor2-attestation.json")["dsseEnvelope"].to_string();
        let made = attestation_bundle(&annotations, other.as_bytes()).unwrap();
        let error = verify(name, &made, Artifact::Statement, Rules::default());
        assert!(matches!(error, Err(TrustError::Signature { .. })), "{error:?}");
        // A timestamp is of the envelope: beside a log it is not needed, and alone it is of no use.
        annotations.insert(TIMESTAMP.to_owned(), r#"{"SignedRFC3161Timestamp":"AAAA"}"#.to_owned());
        let made = attestation_bundle(&annotations, envelope.as_bytes()).unwrap();
        verify(name, &made, Artifact::Statement, Rules::default()).unwrap();
        annotations.remove(BUNDLE);
        let error = attestation_bundle(&annotations, envelope.as_bytes()).unwrap_err();
        assert!(matches!(error, LegacyError::EnvelopeTimestamp));
    }
}

#[test]
fn signatures_of_keys() {
    let (bytes, mut annotations) = (file("key.txt"), annotations(&json("key.json")));
    annotations.remove(TIMESTAMP);
    let key = PublicKey::from_pem(&String::from_utf8(file("key.pub")).unwrap()).unwrap();
    let keyed = |log| Keyed { key: key.clone(), root: TrustedRoot::public_good().unwrap(), log };
    let artifact = Artifact::Bytes(&bytes);
    let vouched = keyed(Log::Required).verify(&signature_bundle(&annotations).unwrap(), artifact).unwrap();
    assert!(vouched.evidence.logged);
    annotations.remove(BUNDLE);
    let bundle = signature_bundle(&annotations).unwrap();
    assert!(matches!(keyed(Log::Required).verify(&bundle, artifact), Err(TrustError::NotLogged)));
    assert!(!keyed(Log::IfPresent).verify(&bundle, artifact).unwrap().evidence.logged);
}

#[test]
fn malformed_annotations() {
    let good = annotations(&json("blob.json"));
    let huge = "A".repeat((4 << 20) + 1);
    let certificate = &good[CERTIFICATE];
    for (name, value, expected) in [
        (SIGNATURE, "", "NoSignature"),
        (SIGNATURE, "!", "Annotation"),
        (SIGNATURE, &huge, "TooLong"),
        (CERTIFICATE, "x", "Annotation"),
        (CERTIFICATE, &certificate.repeat(2), "Annotation"),
        (CERTIFICATE, &huge, "TooLong"),
        (CHAIN, "-----BEGIN CERTIFICATE-----", "Annotation"),
        (CHAIN, &certificate.repeat(9), "LongChain"),
        (BUNDLE, "{}", "Annotation"),
        (BUNDLE, "[[[[", "Annotation"),
        (BUNDLE, &good[BUNDLE].replace("logIndex", "index"), "Annotation"),
        (BUNDLE, &good[BUNDLE].replace("\"logID\":\"", "\"logID\":\"zz"), "Annotation"),
        (BUNDLE, &good[BUNDLE].replace("\"integratedTime\":", "\"integratedTime\":99999999999999"), "Annotation"),
        (BUNDLE, &good[BUNDLE].replace("\"body\":\"", "\"body\":\"!"), "Annotation"),
        (BUNDLE, &huge, "TooLong"),
        (TIMESTAMP, "{}", "Annotation"),
        (TIMESTAMP, r#"{"SignedRFC3161Timestamp":"!"}"#, "Annotation"),
        (TIMESTAMP, &huge, "TooLong"),
    ] {
        let mut annotations = good.clone();
        annotations.insert(name.to_owned(), value.to_owned());
        let error = format!("{:?}", signature_bundle(&annotations).unwrap_err());
        assert!(error.starts_with(expected), "{name}: {error}");
    }
    assert!(matches!(signature_bundle(&BTreeMap::new()), Err(LegacyError::NoSignature)));
    for envelope in ["", "{}", r#"{"payloadType":"a","payload":"","signatures":[]}"#] {
        assert!(
            matches!(attestation_bundle(&good, envelope.as_bytes()), Err(LegacyError::Envelope { .. })),
            "{envelope}"
        );
    }
    let huge = vec![b' '; (16 << 20) + 1];
    assert!(matches!(attestation_bundle(&good, &huge), Err(LegacyError::TooLong { .. })));
}
