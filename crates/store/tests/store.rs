//! What the store promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_oci::{Descriptor, Digest};
use consign_store::{Store, StoreError};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

#[test]
fn keeps_blobs_by_content() {
    let (_folder, store) = store();
    let digest = store.put(b"hello").unwrap();
    assert_eq!(digest, store.put(b"hello").unwrap());
    assert_eq!(store.read(&digest, 5).unwrap(), b"hello");
    assert!(matches!(store.read(&digest, 4), Err(StoreError::TooLarge { size: 5, limit: 4, .. })));
    assert!(matches!(store.read(&Digest::of(b"other"), 5), Err(StoreError::Missing { .. })));
}

#[test]
fn only_the_owner_may_enter() {
    let (_folder, store) = store();
    assert_eq!(store.root().join("steps").metadata().unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn an_altered_blob_is_found_when_it_is_read() {
    let (_folder, store) = store();
    let digest = store.put(b"hello").unwrap();
    std::fs::write(store.path(&digest), b"jello").unwrap();
    assert!(matches!(store.read(&digest, 5), Err(StoreError::Corrupt { found, .. }) if found == Digest::of(b"jello")));
}

#[test]
fn a_blob_is_there_only_when_committed() {
    let (_folder, store) = store();
    let digest = Digest::of(b"hello");
    let mut writer = store.writer().unwrap();
    writer.write_all(b"hello").unwrap();
    assert!(!store.contains(&digest));
    assert!(matches!(writer.commit(Some(&Digest::of(b"other"))), Err(StoreError::Unexpected { .. })));
    assert!(!store.contains(&digest));
    let mut writer = store.writer().unwrap();
    writer.write_all(b"hello").unwrap();
    assert_eq!(writer.commit(Some(&digest)).unwrap(), (digest.clone(), 5));
    assert!(store.contains(&digest));
    assert_eq!(std::fs::read_dir(store.root().join("partial")).unwrap().count(), 0);
}

#[test]
fn keeps_references_steps_and_receipts() {
    let (_folder, store) = store();
    let descriptor = Descriptor::empty();
    store.put_reference("localhost:5000/a/b:1.0", &descriptor).unwrap();
    assert_eq!(store.reference("localhost:5000/a/b:1.0").unwrap(), Some(descriptor));
    assert_eq!(store.reference("a").unwrap(), None);
    for name in ["", "/", "../a", "a/../b", "a//b", "a b"] {
        assert!(matches!(store.reference(name), Err(StoreError::Name { .. })), "{name}");
    }

    let key = Digest::of(b"inputs");
    assert_eq!(store.step::<u32>(&key).unwrap(), None);
    store.put_step(&key, &7).unwrap();
    assert_eq!(store.step::<u32>(&key).unwrap(), Some(7));
    assert_eq!(store.step::<String>(&key).unwrap(), None);

    let subject = Digest::of(b"image");
    let receipts = [Descriptor::of("text/plain", b"1"), Descriptor::of("text/plain", b"2")];
    for receipt in receipts.iter().chain(&receipts) {
        store.put_receipt(&subject, receipt).unwrap();
    }
    let mut sorted = receipts.to_vec();
    sorted.sort_by_key(|receipt| receipt.digest.clone());
    assert_eq!(store.receipts(&subject).unwrap(), sorted);
    assert!(store.receipts(&key).unwrap().is_empty());
}
