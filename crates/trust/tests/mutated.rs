//! Damaged bundles, roots and annotations: reading them ends, without a panic, and no damage to what is signed or to whom it is by goes unnoticed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Good, NAMES, file};
use consign_testkit::mutate::survives;
use consign_trust::{
    Bundle, Certified, Conditions, Keyless, TrustedRoot, read_bundle, read_file_bundle, signature_bundle,
};
use serde_json::Value;

fn keyless(name: &str) -> (Good, Keyless) {
    let good = Good::read(name);
    let root = TrustedRoot::read(good.root.to_string().as_bytes()).unwrap();
    let conditions = Conditions::new(good.issuer.clone(), good.subject.clone());
    let rules = good.rules;
    (good, Keyless { root, conditions, rules })
}

#[test]
fn bundles() {
    for name in NAMES {
        let (good, keyless) = keyless(name);
        let verify = |bundle: &Bundle| keyless.verify(bundle, good.artifact());
        let seed = file(&format!("{name}.json"));
        let expected = verify(&read_bundle(&seed).unwrap()).unwrap();
        survives(&[seed], 1500, |bytes| {
            if let Ok(certified) = read_bundle(bytes).and_then(|bundle| verify(&bundle)) {
                assert_eq!(unquestioned(certified, &expected), unquestioned(expected.clone(), &expected));
            }
        });
    }
}

/// The bundle of a file as cosign wrote it before version 3: whatever is left of it, it is of the same certificate, or is refused.
#[test]
fn bundles_of_files() {
    let (good, keyless) = keyless("blob");
    let material = &good.bundle["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let der = material["certificate"]["rawBytes"].as_str().unwrap();
    let lines: Vec<&str> = der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    let log = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
    let number = |value: &Value| value.as_str().unwrap().parse::<i64>().unwrap();
    let seed = serde_json::json!({
        "base64Signature": good.bundle["messageSignature"]["signature"],
        "cert": STANDARD.encode(pem),
        "rekorBundle": {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": number(&entry["integratedTime"]),
                "logIndex": number(&entry["logIndex"]),
                "logID": log.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            },
        },
    });
    let verify = |bytes: &[u8]| read_file_bundle(bytes).and_then(|bundle| keyless.verify(&bundle, good.artifact()));
    let seed = seed.to_string().into_bytes();
    let expected = verify(&seed).unwrap();
    survives(&[seed], 1500, |bytes| {
        if let Ok(certified) = verify(bytes) {
            assert_eq!(certified, expected);
        }
    });
}

/// Most places at which each text of a bundle is changed.
const PLACES: usize = 24;

/// Returns whether a bundle may be changed there unnoticed, since nobody vouches for what stands there, and nothing is made of it.
fn is_unasked(name: &str, pointer: &str) -> bool {
    // In Rekor 2, the checkpoint, which is signed, and the entry's own number say these.
    let in_rekor2 = ["inclusionProof/logIndex", "inclusionProof/rootHash", "inclusionProof/treeSize"];
    // Names of those who signed, which are looked up by their keys; signatures of witnesses; certificates in timestamps, in place of which those of the root count.
    let of_others = ["checkpoint/envelope", "rfc3161Timestamps/0/signedTimestamp"];
    let ends = |ends: &[&str]| ends.iter().any(|end| pointer.ends_with(end));
    ends(&of_others) || name.starts_with("rekor2") && ends(&in_rekor2)
}

#[test]
fn every_text_of_a_bundle() {
    for name in NAMES {
        let (good, keyless) = keyless(name);
        let expected = good.verify().unwrap();
        for pointer in texts(&good.bundle) {
            let text = good.bundle.pointer(&pointer).unwrap().as_str().unwrap().to_owned();
            let step = (text.len() / PLACES).max(1);
            for at in (0..text.len()).step_by(step).filter(|at| text.as_bytes()[*at].is_ascii_alphanumeric()) {
                let other = if text.as_bytes()[at] == b'1' { "2" } else { "1" };
                let mut bundle = good.bundle.clone();
                *bundle.pointer_mut(&pointer).unwrap() = format!("{}{other}{}", &text[..at], &text[at + 1..]).into();
                let read = read_bundle(bundle.to_string().as_bytes());
                if let Ok(certified) = read.and_then(|bundle| keyless.verify(&bundle, good.artifact())) {
                    assert_eq!(certified, expected, "{name} {pointer} {at}");
                    assert!(is_unasked(name, &pointer), "{name} {pointer} {at}");
                }
            }
        }
    }
}

/// Lists where texts stand.
fn texts(value: &Value) -> Vec<String> {
    let within =
        |name: &str, value: &Value| texts(value).into_iter().map(|inner| format!("/{name}{inner}")).collect::<Vec<_>>();
    match value {
        Value::String(text) if !text.is_empty() => vec![String::new()],
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(at, value)| within(&at.to_string(), value)).collect()
        }
        Value::Object(values) => values.iter().flat_map(|(name, value)| within(name, value)).collect(),
        _ => Vec::new(),
    }
}

/// Takes out what may be there or not: of several that show when something was signed, one is enough, and an entry without a promise has no number that
/// a log vouches for.
fn unquestioned(mut certified: Certified, expected: &Certified) -> Certified {
    certified.evidence.times.clear();
    for (entry, expected) in certified.evidence.entries.iter_mut().zip(&expected.evidence.entries) {
        entry.index = entry.index.or(expected.index);
    }
    certified
}

#[test]
fn roots() {
    let seeds: Vec<Vec<u8>> =
        ["blob", "other-name"].map(|name| Good::read(name).root.to_string().into_bytes()).to_vec();
    let (good, _) = keyless("blob");
    let bundle = read_bundle(&file("blob.json")).unwrap();
    survives(&seeds, 150, |bytes| {
        if let Ok(root) = TrustedRoot::read(bytes) {
            let conditions = Conditions::new(good.issuer.clone(), good.subject.clone());
            drop(Keyless { root, conditions, rules: good.rules }.verify(&bundle, good.artifact()));
        }
    });
}

#[test]
fn annotations() {
    let names = ["signature", "certificate", "chain", "bundle", "rfc3161timestamp"];
    let seed = file("blob.json");
    survives(&[seed], 1000, |bytes| {
        let parts = bytes.chunks(bytes.len() / names.len() + 1).map(|part| String::from_utf8_lossy(part).into_owned());
        let annotations = names.iter().zip(parts).map(|(name, part)| match *name {
            "signature" => (format!("dev.cosignproject.cosign/{name}"), part),
            _ => (format!("dev.sigstore.cosign/{name}"), part),
        });
        drop(signature_bundle(&annotations.collect()));
    });
}
