//! Bundles that were good until somebody changed something, each with the error that it must end in.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod common;

use common::{Good, What, at, file, json};
use consign_oci::Digest;
use consign_trust::{Log, Matcher, TrustError};
use serde_json::{Value, json};

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
const PROOF: &str = "/verificationMaterial/tlogEntries/0/inclusionProof";
const PROMISE: &str = "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp";
const BODY: &str = "/verificationMaterial/tlogEntries/0/canonicalizedBody";
const TIMESTAMPS: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";
const TIMESTAMP: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
const CERTIFICATE: &str = "/verificationMaterial/certificate/rawBytes";
const SIGNATURE: &str = "/messageSignature/signature";
const DIGEST: &str = "/messageSignature/messageDigest/digest";
const ENVELOPE_SIGNATURE: &str = "/dsseEnvelope/signatures/0/sig";
const PAYLOAD: &str = "/dsseEnvelope/payload";

/// Which bundle, what is done to it, the error, and how.
type Forgery = (&'static str, &'static str, &'static str, fn(&mut Good));

fn name(error: &TrustError) -> String {
    let debug = format!("{error:?}");
    debug.split([' ', '{']).next().unwrap_or_default().to_owned()
}

fn check(forgeries: &[Forgery], verify: impl Fn(&Good) -> Result<(), TrustError>) {
    let mut wrong = Vec::new();
    for (base, what, expected, forge) in forgeries {
        let mut good = Good::read(base);
        verify(&good).unwrap_or_else(|error| panic!("{base}: {error:?}"));
        forge(&mut good);
        let found = match verify(&good) {
            Ok(()) => "nothing".to_owned(),
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{error}");
                name(&error)
            }
        };
        if found != *expected {
            wrong.push(format!("{base}, {what}: expected {expected}, found {found}: {:?}", verify(&good).err()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), forgeries.len(), wrong.join("\n"));
}

fn exact(text: &str) -> Matcher {
    Matcher::exact(text).unwrap()
}

fn pattern(text: &str) -> Matcher {
    Matcher::pattern(text).unwrap()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn edit(good: &mut Good, pointer: &str, edit: impl FnOnce(String) -> String) {
    let value = good.at(pointer);
    *value = edit(text_of(value)).into();
}

#[test]
fn signatures_and_what_is_signed() {
    let forgeries: &[Forgery] = &[
        ("blob", "another file", "OtherArtifact", |good| good.what = What::Bytes(b"another".to_vec())),
        ("blob", "a file with a line more", "OtherArtifact", |good| {
            let mut bytes = file("blob.txt");
            bytes.push(b'\n');
            good.what = What::Bytes(bytes);
        }),
        ("blob", "another digest", "OtherArtifact", |good| good.what = What::Digest(Digest::of(b"another"))),
        ("blob", "another file and its digest", "Signature", |good| {
            good.what = What::Bytes(b"another".to_vec());
            *good.at(DIGEST) = "rkUPMz9Qv2zxRnUgQZFrpS6QJc/QbFjuVDjrRuYzPx8=".into();
            good.change(DIGEST, |bytes| {
                let digest = Digest::of(b"another");
                *bytes = (0..32).map(|at| u8::from_str_radix(&digest.hex()[2 * at..2 * at + 2], 16).unwrap()).collect();
            });
        }),
        ("blob", "digest of another algorithm", "Unsupported", |good| {
            *good.at("/messageSignature/messageDigest/algorithm") = "SHA2_512".into()
        }),
        ("blob", "a statement asked for", "NoStatement", |good| good.what = What::Statement),
        ("blob", "signature changed", "TimestampOfAnother", |good| good.flip(SIGNATURE, 0)),
        ("blob", "signature changed, no timestamp", "Signature", |good| {
            good.flip(SIGNATURE, 0);
            good.remove(TIMESTAMP.rsplit_once('/').unwrap().0);
        }),
        ("blob", "signature of another", "TimestampOfAnother", |good| good.take(SIGNATURE, "rekor2")),
        ("blob", "no signature", "TimestampOfAnother", |good| *good.at(SIGNATURE) = "".into()),
        ("rekor2", "signature changed", "TimestampOfAnother", |good| good.flip(SIGNATURE, 0)),
        ("version-0.2", "signature changed", "Signature", |good| good.flip(SIGNATURE, 0)),
        ("version-0.2", "another digest", "OtherArtifact", |good| good.what = What::Digest(Digest::of(b"another"))),
        ("attestation", "signature changed", "Signature", |good| good.flip(ENVELOPE_SIGNATURE, 0)),
        ("attestation", "signature of another", "Signature", |good| {
            good.take(ENVELOPE_SIGNATURE, "rekor2-attestation")
        }),
        ("attestation", "payload changed", "Signature", |good| {
            good.change(PAYLOAD, |bytes| {
                *bytes = String::from_utf8(bytes.clone()).unwrap().replace("5430", "5431").into_bytes()
            });
        }),
        ("attestation", "payload of another", "Signature", |good| good.take(PAYLOAD, "rekor2-attestation")),
        ("attestation", "another subject", "OtherArtifact", |good| good.what = What::Digest(Digest::of(b"another"))),
        ("attestation", "another file", "OtherArtifact", |good| good.what = What::Bytes(b"another".to_vec())),
        ("attestation", "payload with a blank more", "Signature", |good| {
            good.change(PAYLOAD, |bytes| bytes.push(b' '))
        }),
        ("attestation", "payload of another type", "Unsupported", |good| {
            *good.at("/dsseEnvelope/payloadType") = "text/plain".into()
        }),
        ("attestation", "payload that is no statement", "Statement", |good| {
            good.change(PAYLOAD, |bytes| *bytes = b"{}".to_vec())
        }),
        ("attestation", "statement without subjects", "Statement", |good| {
            good.change(PAYLOAD, |bytes| {
                *bytes = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"a"}"#.to_vec();
            });
        }),
        ("attestation", "statement of another version", "Statement", |good| {
            good.change(PAYLOAD, |bytes| {
                *bytes = String::from_utf8(bytes.clone()).unwrap().replace("Statement/v1", "Statement/v2").into_bytes()
            });
        }),
        ("rekor2-attestation", "signature changed", "TimestampOfAnother", |good| good.flip(ENVELOPE_SIGNATURE, 0)),
        ("rekor2-attestation", "payload of another", "Signature", |good| good.take(PAYLOAD, "attestation")),
        ("version-0.1", "payload of another", "Signature", |good| good.take(PAYLOAD, "attestation")),
        ("version-0.1", "another subject", "OtherArtifact", |good| good.what = What::Digest(Digest::of(b"another"))),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

#[test]
fn certificates() {
    let forgeries: &[Forgery] = &[
        ("blob", "certificate of another, later", "NotYetValid", |good| good.take(CERTIFICATE, "rekor2-attestation")),
        ("blob", "certificate of another, earlier", "Expired", |good| good.take(CERTIFICATE, "attestation")),
        ("rekor2", "certificate of another Sigstore", "NotYetValid", |good| good.take(CERTIFICATE, "attestation")),
        ("blob", "certificate changed in its signature", "Issuance", |good| good.flip(CERTIFICATE, 0)),
        ("blob", "certificate changed in its claims", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| replace(bytes, b"w.vollprecht@gmail.com", b"x.vollprecht@gmail.com"));
        }),
        ("attestation", "certificate of another repository", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| {
                replace(bytes, b"prefix-dev/sigstore-example", b"prefix-evi/sigstore-example")
            });
        }),
        ("attestation", "certificate of another key", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| {
                let at = bytes.windows(4).position(|window| window == [0x03, 0x42, 0x00, 0x04]).unwrap();
                bytes[at + 40] ^= 1;
            });
        }),
        ("blob", "certificate cut off", "Certificate", |good| good.change(CERTIFICATE, |bytes| bytes.truncate(300))),
        ("blob", "certificate empty", "Certificate", |good| *good.at(CERTIFICATE) = "".into()),
        ("version-0.1", "no certificate in the chain", "Certificate", |good| {
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([])
        }),
        ("version-0.1", "issuer's certificate alone", "Issuance", |good| {
            let authority = good.root["certificateAuthorities"][1]["certChain"]["certificates"][0].clone();
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([authority]);
        }),
        ("blob", "chain in version 0.3", "Chain", |good| {
            let certificate = good.at("/verificationMaterial/certificate").clone();
            good.remove("/verificationMaterial/certificate");
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([certificate]);
        }),
        ("blob", "a key instead of a certificate", "ByKey", |good| {
            good.remove("/verificationMaterial/certificate");
            *good.at("/verificationMaterial/publicKey/hint") = "".into();
        }),
        ("blob", "signed after it had expired", "Expired", |good| {
            let late = json("timestamps.json");
            at(&mut good.root, "/timestampAuthorities").as_array_mut().unwrap().push(late["authority"].clone());
            good.at(TIMESTAMPS).as_array_mut().unwrap().push(json!({ "signedTimestamp": late["late"] }));
        }),
        ("blob", "root without authorities", "NoAuthority", |good| good.root["certificateAuthorities"] = json!([])),
        ("blob", "authority of another Sigstore alone", "Issuance", |good| {
            let other = Good::read("rekor2").root;
            good.root["certificateAuthorities"] = other["certificateAuthorities"].clone();
        }),
        ("blob", "authority no more in use", "NoAuthority", |good| {
            for authority in good.root["certificateAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "authority not yet in use", "NoAuthority", |good| {
            for authority in good.root["certificateAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2026-01-01T00:00:00Z" });
            }
        }),
        ("blob", "log of certificates unknown", "CertificateLog", |good| {
            good.root["ctlogs"] = Good::read("rekor2").root["ctlogs"].clone();
        }),
        ("blob", "log of certificates no more in use", "CertificateLog", |good| {
            for log in good.root["ctlogs"].as_array_mut().unwrap() {
                log["publicKey"]["validFor"] =
                    json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "log of certificates with another key", "CertificateLog", |good| {
            let key = good.root["tlogs"][0]["publicKey"]["rawBytes"].clone();
            for log in good.root["ctlogs"].as_array_mut().unwrap() {
                log["publicKey"]["rawBytes"] = key.clone();
            }
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

/// Replaces bytes by as many others, wherever they stand.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut found = false;
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found = true;
        }
    }
    assert!(found);
}

#[test]
fn logs() {
    let forgeries: &[Forgery] = &[
        ("blob", "no entry", "NotLogged", |good| *good.at("/verificationMaterial/tlogEntries") = json!([])),
        ("rekor2", "no entry", "NotLogged", |good| *good.at("/verificationMaterial/tlogEntries") = json!([])),
        ("blob", "entry of an unknown log", "UnknownLog", |good| {
            good.flip("/verificationMaterial/tlogEntries/0/logId/keyId", 0)
        }),
        ("blob", "entry of another known log", "InclusionPromise", |good| {
            let id = good.root["tlogs"][1]["logId"]["keyId"].clone();
            *good.at("/verificationMaterial/tlogEntries/0/logId/keyId") = id;
        }),
        ("rekor2", "entry of an unknown log", "UnknownLog", |good| {
            good.flip("/verificationMaterial/tlogEntries/0/logId/keyId", 0)
        }),
        ("attestation", "short identity of the log", "UnknownLog", |good| {
            *good.at("/verificationMaterial/tlogEntries/0/logId/keyId") = "AAAA".into()
        }),
        ("blob", "root without that log", "UnknownLog", |good| {
            drop(good.root["tlogs"].as_array_mut().unwrap().remove(0))
        }),
        ("blob", "root without logs", "UnknownLog", |good| good.root["tlogs"] = json!([])),
        ("blob", "log no more in use", "InclusionPromise", |good| {
            good.root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2025-01-01T00:00:00Z".into();
        }),
        ("rekor2", "log no more in use", "LogTime", |good| {
            for log in good.root["tlogs"].as_array_mut().unwrap() {
                log["publicKey"]["validFor"] =
                    json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "log with another key", "InclusionPromise", |good| {
            good.root["tlogs"][0]["publicKey"]["rawBytes"] = good.root["ctlogs"][0]["publicKey"]["rawBytes"].clone();
        }),
        ("blob", "no proof", "InclusionProof", |good| good.remove(PROOF)),
        ("rekor2", "no proof", "InclusionProof", |good| good.remove(PROOF)),
        ("version-0.2", "no proof", "InclusionProof", |good| good.remove(PROOF)),
        ("rekor2", "a second entry that shows nothing", "InclusionProof", |good| {
            let mut entry = good.at(ENTRY).clone();
            drop(entry.as_object_mut().unwrap().remove("inclusionProof"));
            good.at("/verificationMaterial/tlogEntries").as_array_mut().unwrap().push(entry);
        }),
        ("version-0.1", "no promise", "InclusionPromise", |good| good.remove(PROMISE.rsplit_once('/').unwrap().0)),
        ("blob", "root hash changed", "Checkpoint", |good| good.flip(&format!("{PROOF}/rootHash"), 0)),
        ("attestation", "root hash of another", "Checkpoint", |good| good.take(&format!("{PROOF}/rootHash"), "blob")),
        ("blob", "proof changed", "InclusionProof", |good| good.flip(&format!("{PROOF}/hashes/0"), 0)),
        ("blob", "proof shortened", "InclusionProof", |good| good.remove(&format!("{PROOF}/hashes/0"))),
        ("blob", "proof lengthened", "InclusionProof", |good| {
            let hash = good.at(&format!("{PROOF}/hashes/0")).clone();
            good.at(&format!("{PROOF}/hashes")).as_array_mut().unwrap().push(hash);
        }),
        ("blob", "proof empty", "InclusionProof", |good| *good.at(&format!("{PROOF}/hashes")) = json!([])),
        ("rekor2", "proof changed", "InclusionProof", |good| good.flip(&format!("{PROOF}/hashes/0"), 0)),
        ("rekor2-attestation", "proof empty", "InclusionProof", |good| {
            *good.at(&format!("{PROOF}/hashes")) = json!([])
        }),
        ("version-0.1", "proof changed", "InclusionProof", |good| good.flip(&format!("{PROOF}/hashes/0"), 0)),
        ("blob", "place in the tree changed", "InclusionProof", |good| {
            *good.at(&format!("{PROOF}/logIndex")) = "1".into()
        }),
        ("blob", "place outside the tree", "InclusionProof", |good| {
            *good.at(&format!("{PROOF}/logIndex")) = "9000000000000000000".into()
        }),
        ("blob", "size of the tree changed", "InclusionProof", |good| {
            *good.at(&format!("{PROOF}/treeSize")) = "700000000".into()
        }),
        ("blob", "number of the entry changed", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/logIndex")) = "1".into()
        }),
        ("rekor2", "number of the entry changed", "InclusionProof", |good| {
            *good.at(&format!("{ENTRY}/logIndex")) = "1".into()
        }),
        ("rekor2", "number of the entry outside the tree", "InclusionProof", |good| {
            *good.at(&format!("{ENTRY}/logIndex")) = "9000000".into()
        }),
        ("blob", "size in the checkpoint changed", "Checkpoint", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| change_line(&note, 1, "1000000000"));
        }),
        ("blob", "name in the checkpoint changed", "Checkpoint", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| change_line(&note, 0, "rekor.example.org"));
        }),
        ("blob", "signature of the checkpoint changed", "Checkpoint", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| flip_note(&note));
        }),
        ("blob", "checkpoint of another", "Checkpoint", |good| {
            good.take(&format!("{PROOF}/checkpoint"), "attestation")
        }),
        ("blob", "no checkpoint", "Checkpoint", |good| good.remove(&format!("{PROOF}/checkpoint"))),
        ("rekor2", "no checkpoint", "Checkpoint", |good| good.remove(&format!("{PROOF}/checkpoint"))),
        ("rekor2", "size in the checkpoint changed", "InclusionProof", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| change_line(&note, 1, "100000"));
        }),
        ("rekor2", "signature of the checkpoint changed", "Checkpoint", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| flip_note(&note));
        }),
        ("rekor2", "name in the checkpoint changed", "Checkpoint", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| change_line(&note, 0, "rekor.example.org"));
        }),
        ("rekor2", "checkpoint of another", "InclusionProof", |good| {
            good.take(&format!("{PROOF}/checkpoint"), "rekor2-attestation")
        }),
        ("blob", "checkpoint that is no note", "Bundle", |good| {
            *good.at(&format!("{PROOF}/checkpoint/envelope")) = "x".into()
        }),
        ("blob", "promise changed", "InclusionPromise", |good| good.flip(PROMISE, 0)),
        ("blob", "promise of another", "InclusionPromise", |good| good.take(PROMISE, "attestation")),
        ("version-0.1", "promise changed", "InclusionPromise", |good| good.flip(PROMISE, 0)),
        ("attestation", "no promise", "NoTime", |good| good.remove(PROMISE.rsplit_once('/').unwrap().0)),
        ("attestation", "time moved back", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/integratedTime")) = "1756728838".into()
        }),
        ("attestation", "time moved forward", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/integratedTime")) = "1756728840".into()
        }),
        ("attestation", "time in the future", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/integratedTime")) = "9999999999".into()
        }),
        ("attestation", "no time", "NoTime", |good| good.remove(&format!("{ENTRY}/integratedTime"))),
        ("version-0.1", "time moved", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/integratedTime")) = "1692374736".into()
        }),
        ("blob", "entry's body of another", "InclusionPromise", |good| good.take(BODY, "version-0.2")),
        ("blob", "entry's body of another, without promise", "InclusionProof", |good| {
            good.take(BODY, "version-0.2");
            good.remove(PROMISE.rsplit_once('/').unwrap().0);
        }),
        ("rekor2", "entry's body of another", "InclusionProof", |good| good.take(BODY, "rekor2-attestation")),
        ("rekor2", "entry's body changed", "InclusionProof", |good| good.flip(BODY, 0)),
        ("rekor2", "entry of another signature", "OtherEntry", |good| good.take(ENTRY, "rekor2-attestation")),
        ("rekor2", "entry of another signature too", "OtherEntry", |good| {
            let other = json("rekor2-attestation.json")["verificationMaterial"]["tlogEntries"][0].clone();
            good.at("/verificationMaterial/tlogEntries").as_array_mut().unwrap().push(other);
        }),
        ("rekor2-attestation", "entry of another signature", "OtherEntry", |good| good.take(ENTRY, "rekor2")),
        ("blob", "entry of another signature, with its time", "NotYetValid", |good| good.take(ENTRY, "version-0.2")),
        ("version-0.2", "entry of another signature, with its time", "Expired", |good| good.take(ENTRY, "blob")),
        ("blob", "entry of another signature, without its time", "OtherEntry", |good| {
            good.take(ENTRY, "version-0.2");
            good.remove(PROMISE.rsplit_once('/').unwrap().0);
        }),
        ("attestation", "entry of another signature, with its time", "Expired", |good| good.take(ENTRY, "blob")),
        ("blob", "entry of another version", "InclusionProof", |good| {
            *good.at(&format!("{ENTRY}/kindVersion/version")) = "0.0.2".into()
        }),
        ("rekor2", "entry of another version", "Entry", |good| {
            *good.at(&format!("{ENTRY}/kindVersion/version")) = "0.0.1".into()
        }),
        ("blob", "entry of another kind", "Unsupported", |good| {
            *good.at(&format!("{ENTRY}/kindVersion/kind")) = "dsse".into()
        }),
        ("attestation", "entry of another kind", "Unsupported", |good| {
            *good.at(&format!("{ENTRY}/kindVersion/kind")) = "hashedrekord".into()
        }),
        ("blob", "entry of an unknown kind", "Bundle", |good| {
            *good.at(&format!("{ENTRY}/kindVersion/kind")) = "rekord".into()
        }),
        ("blob", "many entries", "TooMuch", |good| {
            let entry = good.at(ENTRY).clone();
            good.at("/verificationMaterial/tlogEntries").as_array_mut().unwrap().extend(vec![entry; 16]);
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

fn change_line(note: &str, number: usize, to: &str) -> String {
    let mut lines: Vec<&str> = note.split('\n').collect();
    lines[number] = to;
    lines.join("\n")
}

/// Changes the last signature of a note.
fn flip_note(note: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (text, signature) = note.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(signature).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    format!("{text} {}\n", STANDARD.encode(bytes))
}

#[test]
fn timestamps() {
    let forgeries: &[Forgery] = &[
        ("rekor2", "no timestamp", "NoTime", |good| *good.at(TIMESTAMPS) = json!([])),
        ("rekor2-attestation", "no timestamp", "NoTime", |good| *good.at(TIMESTAMPS) = json!([])),
        ("rekor2", "no timestamp, but a time of the entry", "NoTime", |good| {
            *good.at(TIMESTAMPS) = json!([]);
            *good.at(&format!("{ENTRY}/integratedTime")) = "1749470258".into();
        }),
        ("rekor2", "timestamp of another signature", "TimestampOfAnother", |good| {
            good.take(TIMESTAMP, "rekor2-attestation")
        }),
        ("blob", "timestamp of another signature", "TimestampOfAnother", |good| good.take(TIMESTAMP, "rekor2")),
        ("blob", "timestamp of another signature too", "TimestampOfAnother", |good| {
            let other = json("rekor2.json").pointer(&format!("{TIMESTAMPS}/0")).unwrap().clone();
            good.at(TIMESTAMPS).as_array_mut().unwrap().push(other);
        }),
        ("blob", "timestamp changed in its signature", "Timestamp", |good| good.flip(TIMESTAMP, 0)),
        ("blob", "timestamp changed in its time", "Timestamp", |good| {
            good.change(TIMESTAMP, |bytes| replace(bytes, b"20251203183642Z", b"20251203183643Z"));
        }),
        ("rekor2", "timestamp changed in its time", "Timestamp", |good| {
            good.change(TIMESTAMP, |bytes| replace(bytes, b"20250609115738Z", b"20250609115739Z"));
        }),
        ("blob", "timestamp cut off", "Timestamp", |good| good.change(TIMESTAMP, |bytes| bytes.truncate(200))),
        ("blob", "timestamp empty", "Timestamp", |good| *good.at(TIMESTAMP) = "".into()),
        ("blob", "timestamp by an unknown authority", "TimestampUntrusted", |good| {
            good.at(TIMESTAMPS)
                .as_array_mut()
                .unwrap()
                .push(json!({ "signedTimestamp": json("timestamps.json")["late"] }));
        }),
        ("blob", "root without timestamp authorities", "TimestampUntrusted", |good| {
            good.root["timestampAuthorities"] = json!([])
        }),
        ("rekor2", "root with other timestamp authorities", "TimestampUntrusted", |good| {
            good.root["timestampAuthorities"] = json!([json("timestamps.json")["authority"]]);
        }),
        ("blob", "timestamp authority no more in use", "TimestampTime", |good| {
            for authority in good.root["timestampAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "timestamp authority no more in use, another that is", "TimestampTime", |good| {
            for authority in good.root["timestampAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
            let mut other = json("timestamps.json")["authority"].clone();
            other["validFor"] = json!({ "start": "2020-01-01T00:00:00Z" });
            good.root["timestampAuthorities"].as_array_mut().unwrap().push(other);
        }),
        ("blob", "timestamp with milliseconds", "TimestampFraction", |good| {
            let late = json("timestamps.json");
            good.root["timestampAuthorities"].as_array_mut().unwrap().push(late["authority"].clone());
            *good.at(TIMESTAMP) = late["fraction"].clone();
        }),
        ("blob", "many timestamps", "TooMuch", |good| {
            let timestamp = good.at(&format!("{TIMESTAMPS}/0")).clone();
            good.at(TIMESTAMPS).as_array_mut().unwrap().extend(vec![timestamp; 16]);
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

#[test]
fn forms() {
    let forgeries: &[Forgery] = &[
        ("blob", "unknown version", "Bundle", |good| {
            *good.at("/mediaType") = "application/vnd.dev.sigstore.bundle.v0.4+json".into()
        }),
        ("blob", "no version", "Bundle", |good| good.remove("/mediaType")),
        ("blob", "nothing signed", "OneOf", |good| good.remove("/messageSignature")),
        ("blob", "a file and a statement", "OneOf", |good| good.take("/dsseEnvelope", "attestation")),
        ("attestation", "two signatures", "Bundle", |good| {
            let signature = good.at("/dsseEnvelope/signatures/0").clone();
            good.at("/dsseEnvelope/signatures").as_array_mut().unwrap().push(signature);
        }),
        ("attestation", "no signature", "Bundle", |good| *good.at("/dsseEnvelope/signatures") = json!([])),
        ("blob", "no material", "Bundle", |good| good.remove("/verificationMaterial")),
        ("blob", "no certificate", "OneOf", |good| good.remove("/verificationMaterial/certificate")),
        ("blob", "a certificate and a key", "OneOf", |good| {
            *good.at("/verificationMaterial/publicKey/hint") = "".into()
        }),
        ("blob", "a certificate and a chain", "OneOf", |good| {
            good.take("/verificationMaterial/x509CertificateChain", "version-0.1")
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

#[test]
fn whom_it_is_by() {
    let forgeries: &[Forgery] = &[
        ("blob", "another address", "Subject", |good| good.subject = exact("v.vollprecht@gmail.com")),
        ("blob", "address in capitals", "Subject", |good| good.subject = exact("W.Vollprecht@gmail.com")),
        ("blob", "part of the address", "Subject", |good| good.subject = exact("vollprecht@gmail.com")),
        ("blob", "pattern of a part", "Subject", |good| good.subject = pattern("vollprecht@gmail[.]com")),
        ("blob", "pattern of the end", "Subject", |good| good.subject = pattern("@gmail[.]com$")),
        ("blob", "pattern of the beginning", "Subject", |good| good.subject = pattern("^w[.]vollprecht@")),
        ("blob", "pattern over lines", "Subject", |good| good.subject = pattern("(?m)^vollprecht@gmail[.]com$")),
        ("blob", "pattern with choices", "Subject", |good| good.subject = pattern("x|gmail|w")),
        ("attestation", "repository whose name this one begins with", "Subject", |good| {
            good.subject = pattern("https://github[.]com/prefix-dev/sigstore-exam");
        }),
        ("attestation", "owner whose name this one ends with", "Subject", |good| {
            good.subject = pattern("dev/sigstore-example/.*");
        }),
        ("attestation", "another branch", "Subject", |good| {
            good.subject =
                exact("https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/next");
        }),
        ("attestation", "tags alone", "Subject", |good| {
            good.subject = pattern("https://github[.]com/prefix-dev/.*@refs/tags/.*")
        }),
        ("attestation", "http", "Issuer", |good| good.issuer = exact("http://token.actions.githubusercontent.com")),
        ("attestation", "issuer with a slash", "Issuer", |good| {
            good.issuer = exact("https://token.actions.githubusercontent.com/")
        }),
        ("attestation", "issuer in capitals", "Issuer", |good| {
            good.issuer = exact("https://Token.Actions.githubusercontent.com")
        }),
        ("attestation", "issuer's name within", "Issuer", |good| good.issuer = pattern("githubusercontent[.]com")),
        ("attestation", "issuer's name without the end", "Issuer", |good| {
            good.issuer = pattern("https://token[.]actions[.]githubusercontent")
        }),
        ("attestation", "issuer for an enterprise", "Issuer", |good| {
            good.issuer = exact("https://token.actions.githubusercontent.com/enterprise")
        }),
        ("blob", "issuer for another way to log in", "Issuer", |good| {
            good.issuer = exact("https://accounts.google.com")
        }),
        ("attestation", "another repository", "Claim", |good| {
            good.claims.push("source-repository-uri=https://github.com/prefix-dev/other".into())
        }),
        ("attestation", "repository in its older form", "Claim", |good| {
            good.claims.push("github-workflow-repository=prefix-dev/sigstore".into())
        }),
        ("attestation", "part of the repository", "Claim", |good| {
            good.claims.push("github-workflow-repository~sigstore-example".into())
        }),
        ("attestation", "another commit", "Claim", |good| {
            good.claims.push("source-repository-digest=293b5bd7d3985809503963ae400594ea16df31cf".into())
        }),
        ("attestation", "beginning of the commit", "Claim", |good| {
            good.claims.push("github-workflow-sha=193b5bd7".into())
        }),
        ("attestation", "another trigger", "Claim", |good| good.claims.push("build-trigger=release".into())),
        ("attestation", "private repositories", "Claim", |good| {
            good.claims.push("source-repository-visibility-at-signing~private|internal".into())
        }),
        ("attestation", "own machines", "Claim", |good| good.claims.push("runner-environment=self-hosted".into())),
        ("attestation", "claim that it does not have", "Claim", |good| {
            good.claims.push("deployment-environment~.*".into())
        }),
        ("attestation", "second claim", "Claim", |good| {
            good.claims.extend(["build-trigger=push".into(), "github-workflow-name=package and sign".into()])
        }),
        ("blob", "claim of a workflow for a person", "Claim", |good| {
            good.claims.push("github-workflow-repository~.*".into())
        }),
        ("other-name", "another name", "Subject", |good| good.subject = exact("foo@oidc.local")),
    ];
    check(forgeries, |good| good.verify().map(drop));
}

#[test]
fn keys() {
    let forgeries: &[Forgery] = &[
        ("key", "another file", "KeySignature", |good| good.what = What::Bytes(b"another".to_vec())),
        ("key", "another digest", "KeySignature", |good| good.what = What::Digest(Digest::of(b"another"))),
        ("key", "signature changed", "KeySignature", |good| good.flip(SIGNATURE, 0)),
        ("key", "signature of another", "KeySignature", |good| good.take(SIGNATURE, "blob")),
        ("key", "digest of another", "OtherArtifact", |good| good.take(DIGEST, "blob")),
        ("key", "a certificate", "ByCertificate", |good| {
            good.remove("/verificationMaterial/publicKey");
            good.take("/verificationMaterial/certificate", "blob");
        }),
        ("key", "entry of an unknown log", "UnknownLog", |good| {
            good.flip("/verificationMaterial/tlogEntries/0/logId/keyId", 0)
        }),
        ("key", "promise changed", "InclusionPromise", |good| good.flip(PROMISE, 0)),
        ("key", "time moved", "InclusionPromise", |good| {
            *good.at(&format!("{ENTRY}/integratedTime")) = "1700000000".into()
        }),
        ("key", "proof changed", "InclusionProof", |good| good.flip(&format!("{PROOF}/hashes/0"), 0)),
        ("key", "no proof", "InclusionProof", |good| good.remove(PROOF)),
        ("key", "entry of another signature", "OtherEntry", |good| good.take(ENTRY, "blob")),
        ("key", "timestamp of another signature", "TimestampOfAnother", |good| good.take(TIMESTAMP, "blob")),
        ("key", "no entry", "NotLogged", |good| *good.at("/verificationMaterial/tlogEntries") = json!([])),
    ];
    let key = String::from_utf8(file("key.pub")).unwrap();
    check(forgeries, |good| good.verify_by(&key, Log::Required).map(drop));
}
