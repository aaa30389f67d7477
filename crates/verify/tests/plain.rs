//! Images that consign did not release: whoever signed them bound their digest, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{AUTHORITIES, Draft, Folder, KEY, OTHER_KEY, Release, check_plain, repository, statement, tag};
use consign_oci::{Descriptor, Platform};
use consign_receipt::predicate;
use consign_receipt::{Closed, Policy};
use consign_sign::{Annotations, signature_statement};
use consign_verify::{Expectation, Form, Note, Outcome, Owner, Part, VerifyError, verify};
use jiff::civil::Date;
use serde_json::json;

fn put(layout: &mut Folder) -> Release {
    Draft::new("1.2.3", &["latest"]).put(layout)
}

/// Signs as anybody does who releases nothing.
fn sign(layout: &mut Folder, subject: &Descriptor) {
    layout.claim(subject, &signature_statement(&subject.digest, &Annotations::new()).unwrap());
}

#[tokio::test]
async fn a_signature_of_the_index_is_enough_in_either_form() {
    for forms in [&[Form::Bundle][..], &[Form::Tag], &[Form::Bundle, Form::Tag]] {
        let mut layout = Folder::new();
        let release = put(&mut layout);
        assert_eq!(check_plain(&layout).await.unwrap_err().outcome(), Outcome::NotSigned);
        for form in forms {
            match form {
                Form::Tag => layout.sign_legacy(&KEY, &release.index.digest, &Annotations::new()),
                _ => sign(&mut layout, &release.index),
            }
        }
        let verified = check_plain(&layout).await.unwrap();
        assert_eq!(verified.index, release.index.digest);
        let found: Vec<Form> = verified.signatures.iter().map(|signature| signature.form).collect();
        assert_eq!(found, forms);
        assert!(verified.verdict.is_none() && verified.release_record.is_none());
        assert_eq!(verified.notes, [Note::Unbound { tag: tag("latest") }]);
        let platforms: Vec<Platform> = verified.platforms.iter().map(|found| found.platform.clone()).collect();
        assert_eq!(platforms, common::platforms());
        // One signature, in whichever forms, is one statement.
        assert_eq!(verified.checks.iter().filter(|piece| piece.part == Part::Signature).count(), 1);
    }
}

#[tokio::test]
async fn an_image_without_an_index_is_its_own_platform() {
    for is_legacy in [false, true] {
        let mut layout = Folder::new();
        let release = put(&mut layout);
        let arm = release.manifests[1].plain();
        layout.tags.insert("latest", arm.clone());
        match is_legacy {
            true => layout.sign_legacy(&KEY, &arm.digest, &Annotations::new()),
            false => sign(&mut layout, &arm),
        }
        let verified = check_plain(&layout).await.unwrap();
        assert!(!verified.is_index);
        assert_eq!((&verified.index, &verified.platforms[0].digest), (&arm.digest, &arm.digest));
        assert_eq!(verified.platforms[0].platform, common::platforms()[1]);
        assert_eq!(verified.platforms[0].signatures, verified.signatures);
    }
}

#[tokio::test]
async fn a_policy_is_asked_and_nothing_but_a_policy() {
    let mut layout = Folder::new();
    let release = put(&mut layout);
    sign(&mut layout, &release.index);
    let policy = Policy::default();
    let requested = (&repository(), &tag("latest"));
    let expectation = Expectation { policy: Some(&policy), ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
    let check = async |layout: &Folder| verify(&layout.open("latest"), Some(requested), expectation).await;
    assert_eq!(check(&layout).await.unwrap_err().outcome(), Outcome::Closed(Closed::Policy));
    let provenance = common::claims()[0].1.clone();
    for manifest in &release.manifests {
        layout.claim(manifest, &statement(&manifest.digest, predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"})));
        layout.claim(manifest, &statement(&manifest.digest, predicate::PROVENANCE, provenance.clone()));
    }
    assert!(check(&layout).await.unwrap().verdict.is_some());
}

#[tokio::test]
async fn where_a_release_is_asked_for_a_signature_is_not_enough() {
    let mut layout = Folder::new();
    let release = put(&mut layout);
    let requested = (&repository(), &tag("latest"));
    let expectation = Expectation { released: true, ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
    let check = async |layout: &Folder| verify(&layout.open("latest"), Some(requested), expectation).await.unwrap_err();
    layout.sign_legacy(&KEY, &release.index.digest, &Annotations::new());
    let platforms: Vec<_> = release.manifests.iter().map(|manifest| manifest.digest.clone()).collect();
    for signs_platforms in [false, true] {
        if signs_platforms {
            platforms.iter().for_each(|digest| layout.sign_legacy(&KEY, digest, &Annotations::new()));
        }
        match check(&layout).await {
            VerifyError::NeverReleased { owner: Owner::Index, digest, .. } => {
                assert_eq!(digest, release.index.digest);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_older_form_may_be_kept_elsewhere() {
    let (mut layout, mut elsewhere) = (Folder::new(), Folder::new());
    let release = put(&mut layout);
    elsewhere.sign_legacy(&KEY, &release.index.digest, &Annotations::new());
    let requested = (&repository(), &tag("latest"));
    let there = elsewhere.open("latest");
    let expectation = Expectation { legacy: Some(&there), ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
    let check = async |layout: &Folder| verify(&layout.open("latest"), Some(requested), expectation).await;
    assert_eq!(check(&layout).await.unwrap().signatures[0].form, Form::Tag);
    assert_eq!(check_plain(&layout).await.unwrap_err().outcome(), Outcome::NotSigned);
    // What is kept elsewhere is not looked for here.
    layout.sign_legacy(&KEY, &release.index.digest, &Annotations::new());
    let empty = Folder::new();
    let nothing = empty.open("latest");
    let expectation = Expectation { legacy: Some(&nothing), ..expectation };
    let error = verify(&layout.open("latest"), Some(requested), expectation).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSigned);
}

/// Asks for statements of SPDX documents.
async fn check_attested(layout: &Folder) -> Result<(), VerifyError> {
    let types = [predicate::SBOM.to_owned()];
    let expectation = Expectation { attested: &types, ..Expectation::new(&*AUTHORITIES, Date::ZERO) };
    verify(&layout.open("latest"), Some((&repository(), &tag("latest"))), expectation).await.map(drop)
}

#[tokio::test]
async fn a_statement_of_a_type_is_about_all_or_about_each_platform() {
    let sbom = |subject: &Descriptor, predicate_type: &str| {
        statement(&subject.digest, predicate_type, json!({"spdxVersion": "SPDX-2.3"}))
    };
    // About the index, with nothing else signed; a version is no other type.
    for predicate_type in [predicate::SBOM, "https://spdx.dev/Document/v2.3"] {
        let mut layout = Folder::new();
        let release = put(&mut layout);
        layout.claim(&release.index, &sbom(&release.index, predicate_type));
        check_attested(&layout).await.unwrap();
        assert_eq!(check_plain(&layout).await.unwrap_err().outcome(), Outcome::NotSigned);
    }
    let mut layout = Folder::new();
    let release = put(&mut layout);
    sign(&mut layout, &release.index);
    let [amd, arm] = &release.manifests[..] else { panic!() };
    layout.claim(amd, &sbom(amd, predicate::SBOM));
    layout.claim_by(&OTHER_KEY, arm, &sbom(arm, predicate::SBOM));
    let error = check_attested(&layout).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSigned);
    match error {
        VerifyError::NotAttested { missing, found, foreign, .. } => {
            assert!(matches!(&missing[..], [piece] if piece.digest == arm.digest), "{missing:?}");
            assert_eq!(Vec::from_iter(found), [predicate::SIGNATURE, predicate::SBOM]);
            assert_eq!(foreign.count, 1);
        }
        other => panic!("{other:?}"),
    }
    layout.claim(arm, &sbom(arm, predicate::SBOM));
    check_attested(&layout).await.unwrap();
}

#[tokio::test]
async fn a_release_has_to_show_the_rest_beside_what_is_asked_for() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    check_attested(&layout).await.unwrap();
    layout.artifacts.retain(|(subject, stated, _)| *subject != release.index.digest || stated != predicate::SIGNATURE);
    let error = check_attested(&layout).await.unwrap_err();
    assert!(matches!(error, VerifyError::NotSigned { .. }), "{error:?}");
}
