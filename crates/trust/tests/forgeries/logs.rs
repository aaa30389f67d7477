//! Entries of logs.

use crate::common::{Good, json};
use crate::{BODY, ENTRY, Forgery, PROMISE, PROOF, check};
use serde_json::json;

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
        ("blob", "log no more in use, which did not say when", "LogTime", |good| {
            good.remove(PROMISE.rsplit_once('/').unwrap().0);
            good.root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2025-01-01T00:00:00Z".into();
        }),
        ("blob", "checkpoint of another log than is named", "Checkpoint", |good| {
            good.remove(PROMISE.rsplit_once('/').unwrap().0);
            *good.at("/verificationMaterial/tlogEntries/0/logId/keyId") =
                good.root["tlogs"][1]["logId"]["keyId"].clone();
        }),
        // Its own log is in use no more, and the one that it names is.
        ("rekor2", "checkpoint of another log than is named", "Checkpoint", |good| {
            *good.at("/verificationMaterial/tlogEntries/0/logId/keyId") =
                good.root["tlogs"][0]["logId"]["keyId"].clone();
        }),
        ("blob", "many signatures of a checkpoint", "TooMuch", |good| {
            edit(good, &format!("{PROOF}/checkpoint/envelope"), |note| {
                let (text, signature) = note.trim_end().rsplit_once('\n').unwrap();
                format!("{text}\n{}", format!("{signature}\n").repeat(65))
            });
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
        ("attestation", "entry of another kind", "Entry", |good| {
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

/// Changes the text that stands there.
fn edit(good: &mut Good, pointer: &str, edit: impl FnOnce(String) -> String) {
    let value = good.at(pointer);
    *value = edit(value.as_str().unwrap().to_owned()).into();
}
