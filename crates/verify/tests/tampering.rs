//! Whatever is altered, removed or exchanged is noticed, and called by its name.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, KEY, OTHER_KEY, check, claims, policy, signature, statement};
use consign_oci::{Descriptor, Digest, Exact, Manifest, media_type};
use consign_receipt::{Closed, Reason, Requirement, Statement, predicate};
use consign_sign::sign;
use consign_verify::{Failure, Note, Outcome, Owner, Part, VerifyError, verify};
use serde_json::{Value, json};
use std::fs;

/// Returns the only failure.
fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Failed { mut failures } if failures.len() == 1 => failures.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_image_is_verified() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["1.2.3", "latest"]).release(&mut layout);
    for content in [false, true] {
        let verified = check(&layout.open("latest"), "latest", content).await.unwrap();
        assert_eq!(verified.index, release.index.digest);
        assert_eq!(verified.verdict.as_ref().unwrap().index(), &release.index.digest);
        assert_eq!(verified.release_record.as_ref(), Some(&release.record));
        assert_eq!(verified.foreign.count, 0);
        let platforms: Vec<_> = verified.platforms.iter().map(|platform| platform.platform.clone()).collect();
        assert_eq!(platforms, common::platforms());
        assert!(verified.platforms.iter().all(|platform| platform.receipts.len() == 4));
        let count = |part| verified.checks.iter().filter(|piece| piece.part == part).count();
        assert_eq!([Part::Manifest, Part::Config, Part::Signature, Part::Sbom].map(count), [3, 2, 3, 2]);
        assert_eq!([Part::Provenance, Part::Trial, Part::ReleaseRecord, Part::Tag].map(count), [2, 2, 1, 1]);
        assert_eq!(count(Part::Layer), if content { 2 } else { 0 });
    }
}

#[tokio::test]
async fn every_altered_byte_is_called_by_its_name() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let place = layout.open("latest");
    for digest in layout.blobs() {
        let whole = fs::read(layout.path(&digest)).unwrap();
        for position in [0, whole.len() / 2, whole.len() - 1] {
            let mut altered = whole.clone();
            altered[position] ^= 1;
            fs::write(layout.path(&digest), &altered).unwrap();
            let is_layer = release.layers.iter().any(|layer| layer.digest == digest);
            assert_eq!(check(&place, "latest", false).await.is_ok(), is_layer, "{digest}");
            let error = check(&place, "latest", true).await.unwrap_err();
            assert_eq!(error.outcome(), Outcome::Failed);
            match failure(error) {
                Failure::Altered { piece } => assert_eq!(piece.digest, digest, "{piece}"),
                other => panic!("{digest}: {other}"),
            }
        }
        fs::write(layout.path(&digest), &whole).unwrap();
    }
    check(&place, "latest", true).await.unwrap();
}

#[tokio::test]
async fn messages_say_what_and_whose() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let place = layout.open("latest");
    let bundle = sign(&signature(&release.manifests[1].digest), &*KEY).unwrap();
    let digest = Digest::of(&bundle);
    fs::write(layout.path(&digest), "x".repeat(bundle.len())).unwrap();
    let message = check(&place, "latest", false).await.unwrap_err().to_string();
    let expected = format!("signature of linux/arm64 {digest} was altered: its bytes do not match its digest");
    assert_eq!(message, format!("verification failed: {expected}"));
}

#[tokio::test]
async fn every_missing_file_is_called_by_its_name() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let place = layout.open("latest");
    for digest in layout.blobs() {
        let bytes = fs::read(layout.path(&digest)).unwrap();
        fs::remove_file(layout.path(&digest)).unwrap();
        let is_layer = release.layers.iter().any(|layer| layer.digest == digest);
        match failure(check(&place, "latest", true).await.unwrap_err()) {
            Failure::Missing { piece } => {
                assert_eq!((piece.digest, piece.part == Part::Layer), (digest.clone(), is_layer))
            }
            other => panic!("{digest}: {other}"),
        }
        fs::write(layout.path(&digest), bytes).unwrap();
    }
}

#[tokio::test]
async fn a_missing_claim_is_told_from_a_missing_signature() {
    let mut whole = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut whole);
    for number in 0..whole.artifacts.len() {
        let (subject, predicate_type, _) = whole.artifacts[number].clone();
        let removed = whole.artifacts.remove(number);
        let error = check(&whole.open("latest"), "latest", false).await.unwrap_err();
        let platform = release.manifests.iter().find(|manifest| manifest.digest == subject);
        let platform = platform.and_then(|manifest| manifest.platform.clone());
        match (predicate_type.as_str(), error) {
            (predicate::SIGNATURE, VerifyError::NotSigned { unsigned, foreign, authorities }) => {
                assert_eq!(foreign.count, 0);
                assert_eq!(authorities, [format!("key {}", KEY.public().fingerprint())]);
                assert_eq!(unsigned.len(), 1);
                assert_eq!(unsigned[0].digest, subject);
                assert_eq!(unsigned[0].owner, platform.map_or(Owner::Index, Owner::Platform));
            }
            (predicate::RELEASE_RECORD, VerifyError::Failed { failures }) => {
                assert!(matches!(&failures[..], [Failure::NoRecord { index }] if *index == subject), "{failures:?}");
            }
            (other, VerifyError::Policy { reasons }) => {
                let requirement = match other {
                    predicate::PROVENANCE => Requirement::Provenance,
                    predicate::SBOM => Requirement::Sbom,
                    _ => Requirement::Trials,
                };
                let platform = platform.unwrap();
                assert_eq!(reasons, [Reason::Missing { platform, requirement, unproven: false }]);
            }
            (predicate_type, error) => panic!("{predicate_type}: {error:?}"),
        }
        whole.artifacts.insert(number, removed);
    }
}

#[tokio::test]
async fn what_others_sign_neither_counts_nor_harms() {
    let mut layout = Folder::new();
    let draft = Draft::new("1.2.3", &["latest"]);
    let release = draft.put(&mut layout);
    let sign_all = |layout: &mut Folder, key| {
        for subject in release.manifests.iter().chain([&release.index]) {
            layout.claim_by(key, subject, &signature(&subject.digest));
        }
    };
    sign_all(&mut layout, &OTHER_KEY);
    let error = check(&layout.open("latest"), "latest", false).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSigned);
    assert!(
        matches!(error, VerifyError::NotSigned { unsigned, foreign, .. } if unsigned.len() == 3 && foreign.count == 3)
    );
    draft.release(&mut layout);
    assert_eq!(check(&layout.open("latest"), "latest", false).await.unwrap().foreign.count, 3);
    // A failed trial that somebody else claims, bytes that are no bundle, and an artifact of another type.
    let failed = json!({"result": "FAILED", "configuration": [], "failedTests": ["starts"]});
    let failed = statement(&release.manifests[0].digest, predicate::TEST_RESULT, failed);
    layout.claim_by(&OTHER_KEY, &release.manifests[0], &failed);
    layout.attach(&release.index, predicate::SIGNATURE, b"no bundle");
    let mut note = Manifest::new(Descriptor::empty(), vec![Descriptor::of("text/plain", b"never there")]);
    note.artifact_type = Some("text/plain".to_owned());
    note.subject = Some(release.index.plain());
    let mut note = layout.put(media_type::MANIFEST, &serde_json::to_vec(&note).unwrap());
    note.artifact_type = Some("text/plain".to_owned());
    layout.artifacts.push((release.index.digest.clone(), "note".to_owned(), note));
    assert_eq!(check(&layout.open("latest"), "latest", false).await.unwrap().foreign.count, 5);
}

#[tokio::test]
async fn a_listing_with_a_wrong_artifact_type_hides_nothing() {
    let mut layout = Folder::new();
    Draft::new("1.2.3", &["latest"]).release(&mut layout);
    for artifact_type in [None, Some(media_type::EMPTY.to_owned())] {
        layout.artifacts.iter_mut().for_each(|(_, _, artifact)| artifact.artifact_type.clone_from(&artifact_type));
        check(&layout.open("latest"), "latest", false).await.unwrap();
    }
}

#[tokio::test]
async fn provenance_is_no_signature() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let arm = &release.manifests[1].digest;
    layout.artifacts.retain(|(subject, predicate_type, _)| subject != arm || predicate_type != predicate::SIGNATURE);
    let error = check(&layout.open("latest"), "latest", false).await.unwrap_err();
    assert!(
        matches!(error, VerifyError::NotSigned { unsigned, .. } if unsigned.len() == 1 && unsigned[0].digest == *arm)
    );
}

#[tokio::test]
async fn bundles_that_name_the_key_must_be_its_own() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let amd = release.manifests[0].clone();
    let honest = layout.artifacts.len();
    let own = signature(&amd.digest);
    // Signed by another key under our key's hint; and signed by our key, but about another image.
    let mut forged: Value = serde_json::from_slice(&sign(&own, &*OTHER_KEY).unwrap()).unwrap();
    forged["verificationMaterial"]["publicKey"]["hint"] = json!(KEY.public().hint());
    let forged = serde_json::to_vec(&forged).unwrap();
    let moved = sign(&signature(&release.manifests[1].digest), &*KEY).unwrap();
    let place = |layout: &Folder| {
        let is_own = |(about, stated, _): &(Digest, String, _)| *about == amd.digest && stated == predicate::SIGNATURE;
        layout.artifacts.iter().position(is_own).unwrap()
    };
    for bundle in [forged, moved] {
        layout.attach(&amd, predicate::SIGNATURE, &bundle);
        // Anybody can attach it, beside what is signed.
        let verified = check(&layout.open("latest"), "latest", false).await.unwrap();
        let [Note::Invalid { what }] = &verified.notes[..] else { panic!("{:?}", verified.notes) };
        let named = format!("signature of linux/amd64 {} is not valid: ", Digest::of(&bundle));
        assert!(what.starts_with(&named), "{what}");
        assert_eq!(verified.platforms[0].receipts.len(), 4);
        // In its place.
        let number = place(&layout);
        let removed = layout.artifacts.remove(number);
        match failure(check(&layout.open("latest"), "latest", false).await.unwrap_err()) {
            Failure::Bundle { piece, .. } => {
                assert_eq!((piece.digest, piece.part), (Digest::of(&bundle), Part::Signature));
                assert_eq!(piece.owner, Owner::Platform(amd.platform.clone().unwrap()));
            }
            other => panic!("{other}"),
        }
        layout.artifacts.insert(number, removed);
        layout.artifacts.truncate(honest);
    }
}

/// Returns what another key signed under the hint of ours.
fn hinting(statement: &Exact<Statement>) -> Vec<u8> {
    let mut forged: Value = serde_json::from_slice(&sign(statement, &*OTHER_KEY).unwrap()).unwrap();
    forged["verificationMaterial"]["publicKey"]["hint"] = json!(KEY.public().hint());
    serde_json::to_vec(&forged).unwrap()
}

#[tokio::test]
async fn whatever_is_not_valid_is_as_good_as_missing_and_is_told() {
    let mut whole = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut whole);
    let subjects: Vec<Descriptor> = release.manifests.iter().chain([&release.index]).cloned().collect();
    for number in 0..whole.artifacts.len() {
        let (about, predicate_type, _) = whole.artifacts[number].clone();
        let subject = subjects.iter().find(|subject| subject.digest == about).unwrap();
        let bundle = hinting(&statement(&about, &predicate_type, json!({})));
        let length = whole.artifacts.len();
        whole.attach(subject, &predicate_type, &bundle);
        let verified = check(&whole.open("latest"), "latest", false).await.unwrap();
        assert!(matches!(&verified.notes[..], [Note::Invalid { .. }]), "{predicate_type}: {:?}", verified.notes);
        let removed = whole.artifacts.remove(number);
        let error = check(&whole.open("latest"), "latest", false).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Failed, "{predicate_type}");
        let VerifyError::Failed { failures } = error else { panic!("{error:?}") };
        let is_it =
            |failure: &Failure| matches!(failure, Failure::Bundle { piece, .. } if piece.digest == Digest::of(&bundle));
        assert_eq!(failures.iter().filter(|failure| is_it(failure)).count(), 1, "{predicate_type}: {failures:?}");
        let others = failures.iter().filter(|failure| !is_it(failure)).collect::<Vec<_>>();
        match predicate_type.as_str() {
            predicate::RELEASE_RECORD => assert!(matches!(others[..], [Failure::NoRecord { .. }]), "{others:?}"),
            _ => assert!(others.is_empty(), "{others:?}"),
        }
        whole.artifacts.insert(number, removed);
        whole.artifacts.truncate(length);
    }
    // What fails for another reason says that reason.
    let failed = json!({"result": "FAILED", "configuration": [], "failedTests": ["starts"]});
    let amd = &release.manifests[0];
    whole.claim(amd, &statement(&amd.digest, predicate::TEST_RESULT, failed.clone()));
    whole.attach(amd, predicate::TEST_RESULT, &hinting(&statement(&amd.digest, predicate::TEST_RESULT, failed)));
    let error = check(&whole.open("latest"), "latest", false).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Closed(Closed::Trial));
}

#[tokio::test]
async fn a_failed_trial_that_is_signed_is_heard() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let failed = json!({"result": "FAILED", "configuration": [], "failedTests": ["starts"]});
    let arm = &release.manifests[1];
    layout.claim(arm, &statement(&arm.digest, predicate::TEST_RESULT, failed));
    let error = check(&layout.open("latest"), "latest", false).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Closed(Closed::Trial));
    let expected = Reason::TrialFailed { platform: arm.platform.clone().unwrap(), tests: vec!["starts".to_owned()] };
    assert!(matches!(error, VerifyError::Policy { reasons } if reasons == [expected]));
}

#[tokio::test]
async fn a_policy_asks_no_more_than_it_says() {
    let mut layout = Folder::new();
    Draft::new("1.2.3", &["latest"]).release(&mut layout);
    layout.artifacts.retain(|(_, predicate_type, _)| predicate_type != claims()[2].0);
    let place = layout.open("latest");
    let (default, all) = (consign_receipt::Policy::default(), policy());
    let expectation = |policy| common::expectation(Some(policy), false);
    verify(&place, None, expectation(&default)).await.unwrap();
    assert_eq!(verify(&place, None, expectation(&all)).await.unwrap_err().outcome(), Outcome::Closed(Closed::Policy));
}
