//! Whoever may write to a registry decides neither how long verification takes nor how much memory.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, KEY, check, claims, statement};
use consign_receipt::predicate;
use consign_sign::{LIMIT, sign};
use consign_verify::{Failure, Outcome, VerifyError};
use std::fs;

#[tokio::test]
async fn the_same_claim_attached_often_is_one_claim() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let once = check(&layout.open("latest"), "latest", false).await.unwrap();
    let arm = &release.manifests[1];
    let (predicate_type, claim) = claims()[1].clone();
    let bundle = sign(&statement(&arm.digest, predicate_type, claim), &*KEY).unwrap();
    for created in ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] {
        layout.attach_at(created, arm, predicate_type, &bundle);
    }
    let often = check(&layout.open("latest"), "latest", false).await.unwrap();
    assert_eq!(often.checks.len(), once.checks.len());
    assert_eq!(often.platforms[1].receipts.len(), once.platforms[1].receipts.len());
}

#[tokio::test]
async fn no_more_than_a_bounded_number_of_bytes_is_read() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    // Descriptors of bundles that would take more than is read in all, although each alone may be as large.
    for number in 0..65 {
        layout.attach_absent(&release.index, number, LIMIT);
    }
    match check(&layout.open("latest"), "latest", false).await.unwrap_err() {
        VerifyError::Failed { failures } => {
            let (too_much, missing): (Vec<_>, Vec<_>) =
                failures.iter().partition(|failure| matches!(failure, Failure::TooMuch { .. }));
            assert!(missing.iter().all(|failure| matches!(failure, Failure::Missing { .. })), "{missing:?}");
            assert!(!too_much.is_empty() && missing.len() < 65, "{} {}", too_much.len(), missing.len());
        }
        other => panic!("{other:?}"),
    }
}

/// A bundle that is larger than any that is read is a stranger's.
#[tokio::test]
async fn what_is_too_large_to_be_a_bundle_is_left_alone() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    for number in 0..65 {
        layout.attach_absent(&release.index, number, LIMIT + 1);
    }
    assert_eq!(check(&layout.open("latest"), "latest", false).await.unwrap().foreign.count, 65);
}

#[tokio::test]
async fn layers_of_what_the_key_did_not_sign_are_not_read() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    for layer in &release.layers {
        fs::remove_file(layout.path(&layer.digest)).unwrap();
    }
    assert_eq!(check(&layout.open("latest"), "latest", true).await.unwrap_err().outcome(), Outcome::Failed);
    layout.artifacts.retain(|(subject, stated, _)| *subject != release.index.digest || stated != predicate::SIGNATURE);
    assert_eq!(check(&layout.open("latest"), "latest", true).await.unwrap_err().outcome(), Outcome::NotSigned);
}
