//! Bundles: what is signed verifies, and nothing else does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{Annotations, Bundle, BundleError, PrivateKey, sign, signature_statement};
use serde_json::{Value, json};
use std::sync::LazyLock;

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::from_pem(include_str!("data/cosign.key"), b"pass word").unwrap());

fn key() -> &'static PrivateKey {
    &KEY
}

fn subject() -> Digest {
    Digest::of(b"image")
}

fn bundle() -> Value {
    serde_json::from_slice(&sign(&signature_statement(&subject(), &Annotations::new()).unwrap(), key()).unwrap())
        .unwrap()
}

fn verify(bundle: &Value) -> Result<Exact<Statement>, BundleError> {
    Bundle::read(&serde_json::to_vec(bundle).unwrap())?.verify(key().public(), &subject())
}

/// A bundle of these bytes, correctly signed.
fn signed(payload: &[u8]) -> Value {
    let message = sigstore_types::pae("application/vnd.in-toto+json", payload);
    let mut bundle = bundle();
    bundle["dsseEnvelope"]["payload"] = json!(STANDARD.encode(payload));
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(key().sign(&message).unwrap()));
    bundle
}

#[test]
fn gives_back_the_exact_statement() {
    let statement = Exact::write(Statement::new(
        &subject(),
        predicate::SBOM,
        json!({"spdxVersion": "SPDX-2.3", "é": ["<&>", 1.5]}),
    ))
    .unwrap();
    let bytes = sign(&statement, key()).unwrap();
    let bundle = Bundle::read(&bytes).unwrap();
    assert!(bundle.names(key().public()));
    assert_eq!(bundle.verify(key().public(), &subject()).unwrap(), statement);
}

/// A release that is repeated, by another version of consign even, must upload nothing.
#[test]
fn the_bytes_are_pinned() {
    let bytes = sign(&signature_statement(&subject(), &Annotations::new()).unwrap(), key()).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), include_str!("data/bundle.json").trim_end());
}

#[test]
fn refuses_what_was_altered() {
    type Alter = fn(&mut Value);
    type Expected = fn(&BundleError) -> bool;
    let cases: [(&str, Alter, Expected); 9] = [
        (
            "payload",
            |b| b["dsseEnvelope"]["payload"] = json!(STANDARD.encode("{}")),
            |e| matches!(e, BundleError::Signature { .. }),
        ),
        ("no signature", |b| b["dsseEnvelope"]["signatures"] = json!([]), |e| matches!(e, BundleError::Read { .. })),
        (
            "two signatures",
            |b| {
                let one = b["dsseEnvelope"]["signatures"][0].clone();
                b["dsseEnvelope"]["signatures"] = json!([one, one]);
            },
            |e| matches!(e, BundleError::Read { .. }),
        ),
        (
            "empty signature",
            |b| b["dsseEnvelope"]["signatures"][0]["sig"] = json!(""),
            |e| matches!(e, BundleError::Signature { .. }),
        ),
        (
            "payload type",
            |b| b["dsseEnvelope"]["payloadType"] = json!("text/plain"),
            |e| matches!(e, BundleError::PayloadType { .. }),
        ),
        (
            "no envelope",
            |b| {
                b.as_object_mut().unwrap().remove("dsseEnvelope");
            },
            |e| matches!(e, BundleError::Read { .. }),
        ),
        (
            "message signature",
            |b| {
                b.as_object_mut().unwrap().remove("dsseEnvelope");
                b["messageSignature"] = json!({"signature": "AAAA"});
            },
            |e| matches!(e, BundleError::NoEnvelope),
        ),
        (
            "unknown version",
            |b| b["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v9+json"),
            |e| matches!(e, BundleError::Read { .. }),
        ),
        ("material", |b| b["verificationMaterial"] = json!({}), |e| matches!(e, BundleError::Read { .. })),
    ];
    verify(&bundle()).unwrap();
    for (name, alter, expected) in cases {
        let mut bundle = bundle();
        alter(&mut bundle);
        let error = verify(&bundle).unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
}

#[test]
fn reads_older_versions() {
    for version in ["0.1", "0.2", "0.3"] {
        let mut bundle = bundle();
        bundle["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        verify(&bundle).unwrap();
    }
}

#[test]
fn refuses_every_flipped_bit_of_payload_and_signature() {
    let bundle = bundle();
    for pointer in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
        let bytes = STANDARD.decode(bundle.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
        for position in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            let mut copy = bundle.clone();
            *copy.pointer_mut(pointer).unwrap() = json!(STANDARD.encode(&altered));
            assert!(matches!(verify(&copy), Err(BundleError::Signature { .. })), "{pointer} {position}");
        }
    }
}

#[test]
fn refuses_statements_that_are_not_about_the_subject_alone() {
    let statement = |subject: Value, kind: &str| json!({"_type": kind, "subject": subject, "predicateType": predicate::SIGNATURE, "predicate": {}});
    let one = json!({"digest": {"sha256": subject().hex()}});
    let other = json!({"digest": {"sha256": Digest::of(b"other").hex()}});
    let as_bundle = |statement: Value| signed(&serde_json::to_vec(&statement).unwrap());
    verify(&as_bundle(statement(json!([one]), Statement::TYPE))).unwrap();
    for subjects in [json!([]), json!([other]), json!([one, other]), json!([{"digest": {"sha512": subject().hex()}}])] {
        let error = verify(&as_bundle(statement(subjects.clone(), Statement::TYPE))).unwrap_err();
        assert!(matches!(error, BundleError::Subject { .. }), "{subjects}: {error:?}");
    }
    let error = verify(&as_bundle(statement(json!([one]), "https://in-toto.io/Statement/v2"))).unwrap_err();
    assert!(matches!(error, BundleError::StatementType { .. }), "{error:?}");
    for payload in [&b""[..], b"{}", b"[]", b"\xff"] {
        assert!(matches!(verify(&signed(payload)), Err(BundleError::Statement { .. })), "{payload:?}");
    }
}

#[test]
fn another_key_verifies_nothing_and_is_not_named() {
    let other = PrivateKey::generate().unwrap();
    let bundle =
        Bundle::read(&sign(&signature_statement(&subject(), &Annotations::new()).unwrap(), &other).unwrap()).unwrap();
    assert!(!bundle.names(key().public()));
    assert!(matches!(bundle.verify(key().public(), &subject()), Err(BundleError::Signature { .. })));
}

#[test]
fn refuses_what_is_not_a_bundle() {
    for bytes in [&b""[..], b"{}", b"null", b"\xff\xfe", &b"[".repeat(100_000)] {
        assert!(matches!(Bundle::read(bytes), Err(BundleError::Read { .. })));
    }
    let large = vec![b' '; usize::try_from(consign_sign::LIMIT).unwrap() + 1];
    assert!(matches!(Bundle::read(&large), Err(BundleError::TooLarge { .. })));
}
