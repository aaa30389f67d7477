//! Signatures, and what is signed.

use crate::common::{What, file};
use crate::{DIGEST, ENVELOPE_SIGNATURE, Forgery, PAYLOAD, SIGNATURE, TIMESTAMP, check};
use consign_oci::Digest;

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
