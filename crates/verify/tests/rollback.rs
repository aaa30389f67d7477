//! A tag that was moved back is noticed wherever the later release is, and whatever was done to hide it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, KEY, OTHER_KEY, Release, check, record_statement, tag};
use consign_oci::{Digest, Document, media_type};
use consign_receipt::predicate;
use consign_sign::sign;
use consign_verify::{Failure, Note, Outcome, Part, VerifyError};
use serde_json::{Value, json};
use std::fs;

fn failure(error: VerifyError) -> Failure {
    assert_eq!(error.outcome(), Outcome::Failed);
    match error {
        VerifyError::Failed { mut failures } if failures.len() == 1 => failures.remove(0),
        other => panic!("{other:?}"),
    }
}

/// Releases two commits of a branch one after the other and moves the branch's tag back to the first.
fn moved_back() -> (Folder, Release) {
    let mut layout = Folder::new();
    let old = Draft::new("0a1b2c3", &["0a1b2c3", "main"]).release(&mut layout);
    let later = Draft { time: "2026-02-02T00:00:00Z", ..Draft::new("4d5e6f7", &["4d5e6f7", "main"]) };
    let later = later.release(&mut layout);
    layout.tags.insert("main", old.index);
    (layout, later)
}

/// Returns the manifest of the artifact about the index that states `predicate_type`, and its bundle.
fn pieces(layout: &Folder, release: &Release, predicate_type: &str) -> [Digest; 2] {
    let about =
        |(subject, stated, _): &&(Digest, String, _)| *subject == release.index.digest && stated == predicate_type;
    let (_, _, artifact) = layout.artifacts.iter().find(about).unwrap();
    let bytes = fs::read(layout.path(&artifact.digest)).unwrap();
    match Document::read(media_type::MANIFEST, bytes).unwrap() {
        Document::Manifest(manifest) => [artifact.digest.clone(), manifest.layers[0].digest.clone()],
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_tag_of_a_branch_that_was_moved_back() {
    let (layout, later) = moved_back();
    match failure(check(&layout.open("main"), "main", false).await.unwrap_err()) {
        Failure::TagMoved { tag: found, version, newer_version, newer_digest, .. } => {
            assert_eq!((found, version.as_str(), newer_version.as_str()), (tag("main"), "0a1b2c3", "4d5e6f7"));
            assert_eq!(newer_digest, later.index.digest);
        }
        other => panic!("{other}"),
    }
    check(&layout.open("0a1b2c3"), "0a1b2c3", false).await.unwrap();
}

#[tokio::test]
async fn a_later_record_that_is_damaged_does_not_pass_for_none() {
    let (layout, later) = moved_back();
    let place = layout.open("main");
    for (piece, digest) in pieces(&layout, &later, predicate::RELEASE_RECORD).into_iter().enumerate() {
        let whole = fs::read(layout.path(&digest)).unwrap();
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        for bytes in [Some(altered), None] {
            match &bytes {
                Some(bytes) => fs::write(layout.path(&digest), bytes).unwrap(),
                None => fs::remove_file(layout.path(&digest)).unwrap(),
            }
            match failure(check(&place, "main", false).await.unwrap_err()) {
                Failure::Undecided { tag: found, candidate, digest: index, failure } => {
                    assert_eq!((found, candidate, index), (tag("main"), tag("4d5e6f7"), later.index.digest.clone()));
                    match (*failure, bytes) {
                        (Failure::Altered { piece }, Some(_)) | (Failure::Missing { piece }, None) => {
                            assert_eq!((piece.digest, piece.part), (digest.clone(), Part::ReleaseRecord));
                        }
                        (other, _) => panic!("{other}"),
                    }
                }
                other => panic!("{piece}: {other}"),
            }
        }
        fs::write(layout.path(&digest), &whole).unwrap();
    }
    assert!(matches!(failure(check(&place, "main", false).await.unwrap_err()), Failure::TagMoved { .. }));
}

#[tokio::test]
async fn a_later_record_that_cannot_be_understood_does_not_pass_for_none() {
    let (mut layout, later) = moved_back();
    layout.artifacts.retain(|(subject, found, _)| *subject != later.index.digest || found != predicate::RELEASE_RECORD);
    check(&layout.open("main"), "main", false).await.unwrap();
    let mut record = later.record.clone();
    record.time = "soon".to_owned();
    layout.claim(&later.index, &record_statement(&later.index.digest, &record));
    let failure = failure(check(&layout.open("main"), "main", false).await.unwrap_err());
    assert!(
        matches!(&failure, Failure::Undecided { failure, .. } if matches!(**failure, Failure::RecordTime { .. })),
        "{failure}"
    );
}

#[tokio::test]
async fn damage_that_decides_nothing_stops_nothing() {
    let (mut layout, later) = moved_back();
    // The signature of another image is that image's concern; what others sign or nobody does is nobody's.
    layout.artifacts.retain(|(subject, found, _)| *subject != later.index.digest || found != predicate::RELEASE_RECORD);
    layout.claim_by(&OTHER_KEY, &later.index, &record_statement(&later.index.digest, &later.record));
    layout.attach(&later.index, predicate::RELEASE_RECORD, b"no bundle");
    let place = layout.open("main");
    for digest in pieces(&layout, &later, predicate::SIGNATURE) {
        fs::write(layout.path(&digest), b"altered").unwrap();
    }
    check(&place, "main", false).await.unwrap();
}

#[tokio::test]
async fn a_record_that_only_says_that_it_is_ours_is_none() {
    let (mut layout, later) = moved_back();
    let mut forged: Value =
        serde_json::from_slice(&sign(&record_statement(&later.index.digest, &later.record), &*OTHER_KEY).unwrap())
            .unwrap();
    forged["verificationMaterial"]["publicKey"]["hint"] = json!(KEY.public().hint());
    layout.attach(&later.index, predicate::RELEASE_RECORD, &serde_json::to_vec(&forged).unwrap());
    // It hides no later release, and pretends none.
    let place = layout.open("main");
    assert!(matches!(failure(check(&place, "main", false).await.unwrap_err()), Failure::TagMoved { .. }));
    let own = pieces(&layout, &later, predicate::RELEASE_RECORD)[0].clone();
    layout.artifacts.retain(|(_, _, artifact)| artifact.digest != own);
    check(&layout.open("main"), "main", false).await.unwrap();
}

#[tokio::test]
async fn renaming_the_image_allows_no_rollback() {
    let (mut layout, later) = moved_back();
    layout.artifacts.retain(|(subject, found, _)| *subject != later.index.digest || found != predicate::RELEASE_RECORD);
    let mut record = later.record.clone();
    record.image = "renamed".to_owned();
    layout.claim(&later.index, &record_statement(&later.index.digest, &record));
    let failure = failure(check(&layout.open("main"), "main", false).await.unwrap_err());
    assert!(matches!(failure, Failure::TagMoved { .. }), "{failure}");
}

#[tokio::test]
async fn tags_that_were_not_looked_at_are_counted() {
    let mut layout = Folder::new();
    let release = Draft::new("0a1b2c3", &["0a1b2c3", "main"]).release(&mut layout);
    assert_eq!(check(&layout.open("main"), "main", false).await.unwrap().notes, []);
    for number in 0..60 {
        layout.tags.insert(format!("branch-{number}").leak(), release.index.clone());
    }
    let verified = check(&layout.open("main"), "main", false).await.unwrap();
    assert_eq!(verified.notes, [Note::TagsLeft { looked_at: 48, left: 13 }]);
}
