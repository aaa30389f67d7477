//! A tag must be one that the release record names, and must not have been moved back.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, OTHER_KEY, check, record_statement, repository, tag};
use consign_oci::Digest;
use consign_receipt::predicate::ReleaseRecord;
use consign_verify::{Failure, VerifyError};

fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Failed { mut failures } if failures.len() == 1 => failures.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_release_record_must_name_the_tag() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["1.2.3", "latest"]).release(&mut layout);
    layout.tags.insert("stable", release.index);
    check(&layout.open("latest"), "latest", false).await.unwrap();
    match failure(check(&layout.open("stable"), "stable", false).await.unwrap_err()) {
        Failure::NotReleased { tag: found, released, .. } => {
            assert_eq!(found, tag("stable"));
            assert_eq!(released, [format!("{}:1.2.3", repository()), format!("{}:latest", repository())]);
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_release_record_must_be_of_this_index_and_readable() {
    type Change = fn(&mut ReleaseRecord);
    type Expected = fn(&Failure) -> bool;
    let cases: [(&str, Change, Expected); 4] = [
        (
            "index",
            |record| record.index = Digest::of(b"other"),
            |failure| matches!(failure, Failure::RecordIndex { .. }),
        ),
        (
            "time",
            |record| record.time = "yesterday".to_owned(),
            |failure| matches!(failure, Failure::RecordTime { .. }),
        ),
        (
            "platform",
            |record| record.platforms[0].digest = Digest::of(b"other"),
            |failure| matches!(failure, Failure::RecordPlatforms { recorded, found, .. } if recorded.len() == 1 && found.len() == 1),
        ),
        (
            "repository",
            |record| record.destinations[0].repository = "registry.example/other".parse().unwrap(),
            |failure| matches!(failure, Failure::NotReleased { .. }),
        ),
    ];
    for (name, change, expected) in cases {
        let mut layout = Folder::new();
        let mut release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
        layout.artifacts.pop();
        change(&mut release.record);
        layout.claim(&release.index, &record_statement(&release.index.digest, &release.record));
        let failure = failure(check(&layout.open("latest"), "latest", false).await.unwrap_err());
        assert!(expected(&failure), "{name}: {failure}");
    }
}

/// Releases one version after the other and then puts the tag on the first, as whoever may write tags can.
async fn moved_back(first: Draft, later: Draft, moved: &'static str) -> Result<(), Failure> {
    let mut layout = Folder::new();
    let old = first.release(&mut layout);
    later.release(&mut layout);
    layout.tags.insert(moved, old.index);
    check(&layout.open(moved), moved, false).await.map(|_| ()).map_err(failure)
}

#[tokio::test]
async fn a_tag_that_was_moved_back_is_noticed() {
    let at = |draft: Draft, time| Draft { time, ..draft };
    let cases = [
        // Found under another tag of the old release, which moved along.
        (Draft::new("1.2.3", &["1.2.3", "1.2", "latest"]), Draft::new("1.2.4", &["1.2.4", "1.2", "latest"]), "latest"),
        // Found under the tag of a higher version.
        (Draft::new("1.2.3", &["1.2.3", "latest"]), Draft::new("2.0.0", &["2.0.0", "latest"]), "latest"),
        (Draft::new("1.2.3", &["1.2.3", "latest"]), Draft::new("v1.10.0", &["v1.10.0", "latest"]), "latest"),
        (Draft::new("1.3.0-rc.1", &["edge"]), Draft::new("1.3.0", &["1.3.0", "edge"]), "edge"),
        // The same version, built again later.
        (
            Draft::new("1.2.3", &["1.2.3", "latest"]),
            at(Draft::new("1.2.3+1", &["1.2.3", "latest"]), "2026-02-02T00:00:00Z"),
            "1.2.3",
        ),
        // Commits have no order but that of their times.
        (
            Draft::new("0a1b2c3", &["main", "edge"]),
            at(Draft::new("4d5e6f7", &["main", "edge"]), "2026-02-02T00:00:00Z"),
            "main",
        ),
    ];
    for (first, later, moved) in cases {
        let (old, new) = (first.version, later.version);
        match moved_back(first, later, moved).await {
            Err(Failure::TagMoved { tag: found, version, newer_version, .. }) => {
                assert_eq!((found, version.as_str(), newer_version.as_str()), (tag(moved), old, new));
            }
            other => panic!("{old}, then {new}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_later_release_that_was_not_given_the_tag_moves_nothing() {
    let cases = [
        (Draft::new("1.2.3", &["1.2.3", "1.2", "latest"]), Draft::new("2.0.0", &["2.0.0", "latest"]), "1.2"),
        (Draft::new("2.0.0", &["2.0.0", "latest"]), Draft::new("1.2.4", &["1.2.4", "latest"]), "latest"),
        (Draft::new("1.2.3", &["1.2.3", "latest"]), Draft::new("1.3.0-rc.1", &["1.3.0-rc.1"]), "latest"),
    ];
    for (first, later, moved) in cases {
        let (old, new) = (first.version, later.version);
        moved_back(first, later, moved).await.unwrap_or_else(|failure| panic!("{old}, then {new}: {failure}"));
    }
}

#[tokio::test]
async fn only_records_by_the_same_key_count() {
    let mut layout = Folder::new();
    let old = Draft::new("1.2.3", &["1.2.3", "latest"]).release(&mut layout);
    let later = Draft::new("2.0.0", &["2.0.0", "latest"]).put(&mut layout);
    layout.tags.insert("latest", old.index);
    layout.claim_by(&OTHER_KEY, &later.index, &record_statement(&later.index.digest, &later.record));
    check(&layout.open("latest"), "latest", false).await.unwrap();
    layout.claim(&later.index, &record_statement(&later.index.digest, &later.record));
    let failure = failure(check(&layout.open("latest"), "latest", false).await.unwrap_err());
    assert!(matches!(failure, Failure::TagMoved { .. }), "{failure}");
}
