//! What the store promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_oci::{Descriptor, Digest};
use consign_store::{Store, StoreError};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::time::{Duration, SystemTime};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

/// Returns the names in `partial`.
fn partial(store: &Store) -> Vec<String> {
    let entries = fs::read_dir(store.root().join("partial")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn keeps_blobs_by_content() {
    let (_folder, store) = store();
    let digest = store.put(b"hello").unwrap();
    assert_eq!(digest, store.put(b"hello").unwrap());
    assert_eq!(store.read(&digest, 5).unwrap(), b"hello");
    assert!(matches!(store.read(&digest, 4), Err(StoreError::TooLarge { size: 5, limit: 4, .. })));
    assert!(matches!(store.read(&Digest::of(b"other"), 5), Err(StoreError::Missing { .. })));
    assert!(store.has(&Descriptor::of("text/plain", b"hello")));
    assert!(!store.has(&Descriptor::of("text/plain", b"other")));
    assert!(!store.has(&Descriptor::new("text/plain", digest, 6)));
}

#[test]
fn only_the_owner_may_enter() {
    let (_folder, store) = store();
    assert_eq!(store.root().metadata().unwrap().permissions().mode() & 0o077, 0);
    assert_eq!(store.root().join("steps").metadata().unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_store_that_others_may_write_to_is_refused() {
    let (_folder, store) = store();
    let root = store.root().to_owned();
    let table = [
        (&root, 0o770),
        (&root, 0o702),
        (&root.join("steps"), 0o777),
        (&root.join("blobs/sha256"), 0o720),
        (&root, 0o1777),
    ];
    for (path, mode) in table {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let error = Store::open(&root).unwrap_err();
        assert!(matches!(&error, StoreError::Writable { path: found, mode: its } if found == path && *its == mode));
        assert!(error.hint().unwrap().contains(&format!("`chmod go-w {}`", path.display())));
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        Store::open(&root).unwrap();
    }
}

#[test]
fn a_store_of_another_user_is_refused() {
    let (_folder, store) = store();
    // Only root can give a folder away, but everybody else has none of root's.
    let other = store.root().metadata().unwrap().uid() + 1;
    let (root, folder) = match chown(store.root().join("receipts"), Some(other), None) {
        Ok(()) => (store.root().to_owned(), store.root().join("receipts")),
        Err(_) => ("/proc".into(), "/proc".into()),
    };
    let error = Store::open(root).unwrap_err();
    assert!(matches!(&error, StoreError::Owner { path, owner, user } if *path == folder && owner != user), "{error}");
}

/// Ways to spoil a blob.
const SPOILT: [&[u8]; 4] = [b"jello", b"hell", b"hello, world", b""];

#[test]
fn an_altered_blob_is_found_when_it_is_read_and_thrown_away() {
    let (_folder, store) = store();
    for spoilt in SPOILT {
        let digest = store.put(b"hello").unwrap();
        fs::write(store.path(&digest), spoilt).unwrap();
        let error = store.read(&digest, 100).unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { found, .. } if *found == Digest::of(spoilt)), "{error}");
        assert!(error.to_string().contains("running again"));
        assert!(matches!(store.read(&digest, 100), Err(StoreError::Missing { .. })));
    }
    let digest = store.put(b"hello").unwrap();
    store.check(&digest).unwrap();
    fs::write(store.path(&digest), b"jello").unwrap();
    assert!(matches!(store.check(&digest), Err(StoreError::Corrupt { .. })));
    assert!(matches!(store.check(&digest), Err(StoreError::Missing { .. })));
}

#[test]
fn an_altered_blob_is_found_at_its_end() {
    let (_folder, store) = store();
    let digest = store.put(b"hello").unwrap();
    let mut text = String::new();
    store.open_blob(&digest).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    fs::write(store.path(&digest), b"jello").unwrap();
    let mut reader = store.open_blob(&digest).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(reader.read(&mut buffer[..0]).unwrap(), 0);
    assert_eq!(reader.read(&mut buffer).unwrap(), 5);
    // However often it is asked, the end is an error.
    for _ in 0..2 {
        let error = reader.read(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("is corrupt"), "{error}");
    }
    assert!(!store.contains(&digest));
}

#[test]
fn a_reader_of_an_altered_blob_leaves_what_was_put_since() {
    let (_folder, store) = store();
    let digest = store.put(b"hello").unwrap();
    fs::write(store.path(&digest), b"jello").unwrap();
    let mut reader = store.open_blob(&digest).unwrap();
    store.put(b"hello").unwrap();
    assert!(io::copy(&mut reader, &mut io::sink()).is_err());
    assert_eq!(store.read(&digest, 5).unwrap(), b"hello");
}

#[test]
fn an_altered_blob_is_replaced_by_whoever_makes_it_again() {
    let (_folder, store) = store();
    for spoilt in SPOILT {
        let digest = store.put(b"hello").unwrap();
        fs::write(store.path(&digest), spoilt).unwrap();
        assert_eq!(store.put(b"hello").unwrap(), digest);
        assert_eq!(store.read(&digest, 5).unwrap(), b"hello");
        fs::write(store.path(&digest), spoilt).unwrap();
        let mut writer = store.writer().unwrap();
        writer.write_all(b"hello").unwrap();
        writer.commit(Some(&digest)).unwrap();
        assert_eq!(store.read(&digest, 5).unwrap(), b"hello");
    }
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
    assert_eq!(partial(&store), [""; 0]);
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
    store.put_step("count", &key, &[], &7).unwrap();
    assert_eq!(store.step::<u32>(&key).unwrap(), Some(7));
    assert_eq!(store.step::<String>(&key).unwrap(), None);

    let blob = store.put(b"a blob").unwrap();
    store.put_step("build", &key, std::slice::from_ref(&blob), &8).unwrap();
    assert_eq!(store.step::<u32>(&key).unwrap(), Some(8));
    fs::remove_file(store.path(&blob)).unwrap();
    assert_eq!(store.step::<u32>(&key).unwrap(), None);

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

#[test]
fn what_is_written_can_be_read() {
    let (_folder, store) = store();
    let key = |name: &str| Digest::of(name.as_bytes());
    // The choice of 12,000 packages takes 4.5 MB for each architecture.
    let (choice, too_large) = ("x".repeat(20 << 20), "x".repeat(65 << 20));
    store.put_step("select", &key("choice"), &[], &choice).unwrap();
    assert_eq!(store.step::<String>(&key("choice")).unwrap().map(|read| read.len()), Some(choice.len()));
    store.put_step("select", &key("too large"), &[], &too_large).unwrap();
    assert_eq!(store.step::<String>(&key("too large")).unwrap(), None);
    let mut annotated = Descriptor::empty();
    annotated.annotations.insert("text".to_owned(), too_large);
    assert!(matches!(store.put_reference("a", &annotated), Err(StoreError::RecordTooLarge { .. })));
    assert_eq!(store.audit(false, NonZero::<usize>::MIN).unwrap().findings.len(), 0);
}

#[test]
fn a_scratch_folder_lives_as_long_as_it_is_used() {
    let (_folder, store) = store();
    let scratch = store.scratch().unwrap();
    let path = scratch.path().to_owned();
    assert_eq!(path.parent().unwrap(), store.root().join("partial"));
    fs::create_dir_all(path.join("root/closed/x")).unwrap();
    fs::set_permissions(path.join("root/closed"), Permissions::from_mode(0o000)).unwrap();
    let other = store.scratch().unwrap();
    assert_ne!(other.path(), path);
    // Another run that starts meanwhile leaves it alone.
    Store::open(store.root()).unwrap();
    assert!(path.join("root").is_dir() && other.path().is_dir());
    drop(scratch);
    assert!(!path.exists() && other.path().is_dir());
}

#[test]
fn what_killed_runs_left_goes_when_the_store_is_opened() {
    let (_folder, store) = store();
    let root = store.root().join("partial");
    fs::create_dir_all(root.join("scratch-x/tree/closed/y")).unwrap();
    fs::write(root.join("scratch-x/tree/closed/y/file"), "x").unwrap();
    fs::set_permissions(root.join("scratch-x/tree/closed"), Permissions::from_mode(0o000)).unwrap();
    for (name, hours) in [(".tmp-old", 25), (".tmp-new", 1), ("notes", 25)] {
        let file = File::create(root.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
    }
    Store::open(store.root()).unwrap();
    let mut left = partial(&store);
    left.sort();
    // Consign gives no such name as the second.
    assert_eq!(left, [".tmp-new", "notes"]);
}
