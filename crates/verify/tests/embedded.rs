//! What BuildKit puts into an index: the signature of the index covers it, and no policy counts it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{AUTHORITIES, Draft, Folder, check_plain};
use consign_oci::{Descriptor, Digest, Index, Manifest, media_type};
use consign_receipt::{Gist, Policy, Requirement, predicate};
use consign_sign::{Annotations, signature_statement};
use consign_verify::{Expectation, Failure, Outcome, Part, VerifyError, verify};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::fs;

const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";

/// An image whose index has statements about its platforms, and is signed.
struct Built {
    layout: Folder,
    /// Digests of the statements.
    statements: Vec<Digest>,
}

fn statement(about: &Digest, predicate_type: &str, predicate: &Value) -> Vec<u8> {
    let subject = json!([{"name": "pkg:docker/app@1", "digest": {"sha256": about.hex()}}]);
    let kind = "https://in-toto.io/Statement/v0.1";
    json!({"_type": kind, "predicateType": predicate_type, "subject": subject, "predicate": predicate})
        .to_string()
        .into_bytes()
}

/// Builds as BuildKit does; `change` has the bytes of each statement before they are put there.
fn built(change: impl Fn(&mut Vec<u8>)) -> Built {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).put(&mut layout);
    let mut entries = release.manifests.clone();
    let mut statements = Vec::new();
    for image in &release.manifests {
        let claims = [
            (predicate::SBOM, json!({"spdxVersion": "SPDX-2.3", "packages": [{}, {}]})),
            (PROVENANCE, json!({"builder": {"id": ""}, "materials": [{"uri": "pkg:docker/debian@12"}]})),
        ];
        let layers = claims.map(|(predicate_type, predicate)| {
            let mut bytes = statement(&image.digest, predicate_type, &predicate);
            change(&mut bytes);
            let mut layer = layout.put(media_type::IN_TOTO, &bytes);
            layer.annotations.insert("in-toto.io/predicate-type".to_owned(), predicate_type.to_owned());
            layer
        });
        statements.extend(layers.iter().map(|layer| layer.digest.clone()));
        let manifest = Manifest::new(Descriptor::empty(), layers.to_vec());
        let mut entry = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap());
        entry.platform = Some("unknown/unknown".parse().unwrap());
        entry.annotations = [
            ("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned()),
            ("vnd.docker.reference.digest".to_owned(), image.digest.to_string()),
        ]
        .into();
        entries.push(entry);
    }
    let index = layout.put(media_type::INDEX, &serde_json::to_vec(&Index::new(entries)).unwrap());
    layout.tags.insert("latest", index.clone());
    layout.claim(&index, &signature_statement(&index.digest, &Annotations::new()).unwrap());
    Built { layout, statements }
}

#[tokio::test]
async fn it_is_told_for_each_platform() {
    let Built { layout, statements } = built(|_| {});
    let verified = check_plain(&layout).await.unwrap();
    assert_eq!(verified.platforms.len(), 2);
    for platform in &verified.platforms {
        let gists: Vec<&Gist> = platform.embedded.iter().filter_map(|embedded| embedded.gist.as_ref()).collect();
        let facts: Vec<String> = gists.into_iter().flat_map(Gist::facts).collect();
        assert_eq!(facts, ["SPDX-2.3, 2 packages", "on pkg:docker/debian@12"]);
        assert!(platform.receipts.is_empty());
    }
    let digests = verified.platforms.iter().flat_map(|platform| &platform.embedded);
    assert_eq!(digests.map(|embedded| &embedded.digest).collect::<Vec<_>>(), Vec::from_iter(&statements));
    assert_eq!(verified.checks.iter().filter(|piece| piece.part == Part::Sbom).count(), 2);
}

#[tokio::test]
async fn no_policy_counts_it() {
    let Built { layout, .. } = built(|_| {});
    for requirement in [Requirement::Sbom, Requirement::Provenance] {
        let policy = Policy::new([requirement]);
        let expectation = Expectation { policy: Some(&policy), ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
        let error = verify(&layout.open("latest"), None, expectation).await.unwrap_err();
        assert!(matches!(error.outcome(), Outcome::Closed(_)), "{error:?}");
    }
    let types = [predicate::SBOM.to_owned()];
    let expectation = Expectation { attested: &types, ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
    let error = verify(&layout.open("latest"), None, expectation).await.unwrap_err();
    assert!(matches!(error, VerifyError::NotAttested { .. }), "{error:?}");
}

#[tokio::test]
async fn it_is_part_of_what_is_signed() {
    let Built { layout, statements } = built(|_| {});
    let failure = async |digest: &Digest| match check_plain(&layout).await.unwrap_err() {
        VerifyError::Failed { mut failures } if failures.len() == 1 => {
            let (Failure::Altered { piece } | Failure::Missing { piece }) = &failures[0] else {
                panic!("{failures:?}")
            };
            assert_eq!(piece.digest, *digest);
            failures.remove(0).to_string()
        }
        other => panic!("{other:?}"),
    };
    for digest in &statements {
        let bytes = fs::read(layout.path(digest)).unwrap();
        fs::write(layout.path(digest), "x".repeat(bytes.len())).unwrap();
        assert!(failure(digest).await.contains(" was altered"));
        fs::remove_file(layout.path(digest)).unwrap();
        assert!(failure(digest).await.contains(" is missing"));
        fs::write(layout.path(digest), bytes).unwrap();
    }
    check_plain(&layout).await.unwrap();
}

#[tokio::test]
async fn what_is_malformed_or_about_something_else_says_nothing() {
    let other = Digest::of(b"another image");
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let changes: [Change<'_>; 3] =
        [&|bytes| bytes.truncate(10), &|bytes| *bytes = statement(&other, predicate::SBOM, &json!({})), &|bytes| {
            *bytes = b"[]".to_vec()
        }];
    for change in changes {
        let verified = check_plain(&built(change).layout).await.unwrap();
        assert!(verified.platforms.iter().all(|platform| platform.embedded.is_empty()));
    }
}
