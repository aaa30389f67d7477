//! Signatures of keys.

use crate::common::{What, file};
use crate::{DIGEST, ENTRY, Forgery, PROMISE, PROOF, SIGNATURE, TIMESTAMP, check};
use consign_oci::Digest;
use consign_trust::Log;
use serde_json::json;

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
