//! What does not pass for the signature of an image, and the error that each ends in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Draft, Folder, KEY, OTHER_KEY, Release, check_plain, statement};
use consign_oci::{Descriptor, Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{
    Annotations, BundleError, LegacyKind, LegacyLayer, Payload, PayloadError, SIMPLE_SIGNING, attestation_layer, sign,
    signature_layer, signature_statement,
};
use consign_trust::SignatureError;
use consign_verify::{Failure, Note, VerifyError};
use serde_json::{Value, json};
use std::fs;

fn signature(about: &Digest) -> Exact<Statement> {
    signature_statement(about, &Annotations::new()).unwrap()
}

fn sbom(about: &Digest) -> Exact<Statement> {
    statement(about, predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"}))
}

fn payload(about: &Digest) -> LegacyLayer {
    signature_layer(&Payload::new("registry.example/team/app", about, &Annotations::new()), &*KEY).unwrap()
}

/// Returns a bundle in which the signed bytes were replaced.
fn swapped(signed: &Exact<Statement>, shown: &Exact<Statement>, has_hint: bool) -> Vec<u8> {
    let mut bundle: Value = serde_json::from_slice(&sign(signed, &*KEY).unwrap()).unwrap();
    bundle["dsseEnvelope"]["payload"] = json!(STANDARD.encode(shown.bytes()));
    if !has_hint {
        bundle["verificationMaterial"]["publicKey"]["hint"] = json!("");
    }
    serde_json::to_vec(&bundle).unwrap()
}

/// Signs a document of the older form, whatever is in it.
fn signed_document(document: &Value) -> LegacyLayer {
    let bytes = serde_json::to_vec(document).unwrap();
    let mut descriptor = Descriptor::of(SIMPLE_SIGNING, &bytes);
    let signature = STANDARD.encode(KEY.sign(&bytes).unwrap());
    descriptor.annotations.insert("dev.cosignproject.cosign/signature".to_owned(), signature);
    LegacyLayer { descriptor, bytes }
}

/// How an image without a signature is made to look signed, and what comes of it.
type Forgery = (&'static str, fn(&mut Folder, &Release), fn(&VerifyError) -> bool);

fn unsigned(error: &VerifyError) -> bool {
    matches!(error, VerifyError::NotSigned { .. })
}

fn is_refused(error: &VerifyError, expected: impl Fn(&BundleError) -> bool) -> bool {
    let VerifyError::Failed { failures } = error else { return false };
    let [Failure::Bundle { source: SignatureError::Bundle(source), .. }] = &failures[..] else { return false };
    expected(source)
}

fn is_about_something_else(error: &VerifyError) -> bool {
    is_refused(error, |error| matches!(error, BundleError::Subject { .. }))
}

const FORGERIES: [Forgery; 16] = [
    ("nothing", |_, _| {}, unsigned),
    (
        "the signature of one of its platforms",
        |layout, release| {
            layout.attach(
                &release.index,
                predicate::SIGNATURE,
                &sign(&signature(&release.manifests[0].digest), &*KEY).unwrap(),
            )
        },
        is_about_something_else,
    ),
    (
        "a platform with the signature of the index, which has none",
        |layout, release| {
            layout.attach(
                &release.manifests[0],
                predicate::SIGNATURE,
                &sign(&signature(&release.index.digest), &*KEY).unwrap(),
            )
        },
        is_about_something_else,
    ),
    (
        "a platform with the signature of its sibling",
        |layout, release| {
            layout.attach(
                &release.manifests[0],
                predicate::SIGNATURE,
                &sign(&signature(&release.manifests[1].digest), &*KEY).unwrap(),
            )
        },
        is_about_something_else,
    ),
    (
        "a signature of the index and of a platform at once",
        |layout, release| {
            let mut both = signature(&release.index.digest).into_value();
            both.subject.extend(signature(&release.manifests[0].digest).into_value().subject);
            let both = Exact::write(both).unwrap();
            layout.attach(&release.index, predicate::SIGNATURE, &sign(&both, &*KEY).unwrap());
        },
        is_about_something_else,
    ),
    (
        "signatures of all its platforms",
        |layout, release| release.manifests.iter().for_each(|one| layout.claim(one, &signature(&one.digest))),
        unsigned,
    ),
    (
        "an SBOM and provenance",
        |layout, release| {
            layout.claim(&release.index, &sbom(&release.index.digest));
            layout.claim(&release.index, &statement(&release.index.digest, predicate::PROVENANCE, json!({})));
        },
        unsigned,
    ),
    (
        "an SBOM that is listed as a signature",
        |layout, release| {
            layout.attach(&release.index, predicate::SIGNATURE, &sign(&sbom(&release.index.digest), &*KEY).unwrap())
        },
        unsigned,
    ),
    (
        "the signature of a platform around another statement",
        |layout, release| {
            let bundle = swapped(&signature(&release.manifests[0].digest), &signature(&release.index.digest), true);
            layout.attach(&release.index, predicate::SIGNATURE, &bundle);
        },
        |error| is_refused(error, |error| matches!(error, BundleError::Signature { .. })),
    ),
    (
        "the same, and nothing says whose it is",
        |layout, release| {
            let bundle = swapped(&signature(&release.manifests[0].digest), &signature(&release.index.digest), false);
            layout.attach(&release.index, predicate::SIGNATURE, &bundle);
        },
        unsigned,
    ),
    (
        "the older form, copied from a platform",
        |layout, release| {
            layout.put_legacy(&release.index.digest, LegacyKind::Signatures, &[payload(&release.manifests[0].digest)])
        },
        |error| is_refused(error, |error| matches!(error, BundleError::Payload(PayloadError::Image { .. }))),
    ),
    (
        "the older form, with the signature of another document",
        |layout, release| {
            let mut layer = payload(&release.index.digest);
            layer.descriptor.annotations = payload(&release.manifests[0].digest).descriptor.annotations;
            layout.put_legacy(&release.index.digest, LegacyKind::Signatures, &[layer]);
        },
        unsigned,
    ),
    (
        "the older form, of a document of another kind",
        |layout, release| {
            let digest = release.index.digest.to_string();
            let layer = signed_document(&json!({
                "critical": {
                    "identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest}, "type": "a receipt",
                },
                "optional": null,
            }));
            layout.put_legacy(&release.index.digest, LegacyKind::Signatures, &[layer]);
        },
        |error| is_refused(error, |error| matches!(error, BundleError::Payload(PayloadError::Kind { .. }))),
    ),
    (
        "the older form, by somebody else",
        |layout, release| layout.sign_legacy(&OTHER_KEY, &release.index.digest, &Annotations::new()),
        |error| matches!(error, VerifyError::NotSigned { foreign, .. } if foreign.count == 1),
    ),
    (
        "the older form, with other bytes than its digest promises",
        |layout, release| {
            let layer = payload(&release.index.digest);
            layout.put_legacy(&release.index.digest, LegacyKind::Signatures, std::slice::from_ref(&layer));
            fs::write(layout.path(&layer.descriptor.digest), "x".repeat(layer.bytes.len())).unwrap();
        },
        |error| matches!(error, VerifyError::Failed { failures } if matches!(&failures[..], [Failure::Altered { .. }])),
    ),
    (
        "attestations of the older form, one of them under the tag of signatures",
        |layout, release| {
            let layer = attestation_layer(&sbom(&release.index.digest), &*KEY).unwrap();
            for kind in [LegacyKind::Signatures, LegacyKind::Attestations] {
                layout.put_legacy(&release.index.digest, kind, std::slice::from_ref(&layer));
            }
        },
        unsigned,
    ),
];

#[tokio::test]
async fn nothing_else_passes_for_a_signature() {
    for (what, forge, expected) in FORGERIES {
        let mut layout = Folder::new();
        let release = Draft::new("1.2.3", &["latest"]).put(&mut layout);
        forge(&mut layout, &release);
        let error = check_plain(&layout).await.expect_err(what);
        assert!(expected(&error), "{what}: {error:?}");
        // Beside a signature, what is not valid is told and harms nothing, as little as what says nothing. What was damaged is no less damaged.
        let is_invalid = is_refused(&error, |_| true);
        layout.claim(&release.index, &signature(&release.index.digest));
        match check_plain(&layout).await {
            Ok(verified) => {
                assert!(unsigned(&error) || is_invalid, "{what}: {error:?}");
                let told = verified.notes.iter().filter(|note| matches!(note, Note::Invalid { .. })).count();
                assert_eq!(told, usize::from(is_invalid), "{what}: {:?}", verified.notes);
            }
            Err(error) => assert!(expected(&error) && !unsigned(&error) && !is_invalid, "{what}: {error:?}"),
        }
    }
}
