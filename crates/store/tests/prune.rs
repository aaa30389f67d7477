//! What pruning removes and what it keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_oci::{Descriptor, Digest, Exact, Index, Manifest, media_type};
use consign_store::{ExclusiveStore, Kind, Store, StoreError, Usage};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// An image in the store: its manifest, with the receipt about it.
struct Image {
    manifest: Descriptor,
    blobs: Vec<Digest>,
    receipt: Descriptor,
}

fn store(folder: &Path) -> Store {
    Store::open(folder.join("store")).unwrap()
}

fn image(store: &Store, name: &str) -> Image {
    let put = |media_type: &str, text: &str| {
        let bytes = format!("{{\"{name}\":\"{text}\"}}");
        Descriptor::new(media_type, store.put(bytes.as_bytes()).unwrap(), bytes.len() as u64)
    };
    let keep = |manifest: Manifest| {
        let manifest = Exact::write(manifest).unwrap();
        store.put(manifest.bytes()).unwrap();
        manifest.descriptor(media_type::MANIFEST)
    };
    let layers = vec![put(media_type::LAYER, "one"), put(media_type::LAYER, "two")];
    let config = put(media_type::CONFIG, "config");
    let manifest = keep(Manifest::new(config.clone(), layers.clone()));
    let blobs = layers.iter().chain([&config, &manifest]).map(|descriptor| descriptor.digest.clone()).collect();
    let mut artifact = Manifest::new(put(media_type::EMPTY, "empty"), vec![put(media_type::IN_TOTO, "statement")]);
    artifact.subject = Some(manifest.clone());
    let receipt = keep(artifact);
    store.put_receipt(&manifest.digest, &receipt).unwrap();
    Image { manifest, blobs, receipt }
}

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn has(store: &Store, image: &Image) -> bool {
    image.blobs.iter().all(|blob| store.contains(blob))
}

fn has_nothing_of(store: &Store, image: &Image) -> bool {
    image.blobs.iter().all(|blob| !store.contains(blob)) && !store.contains(&image.receipt.digest)
}

/// Makes every record look as if it had been used last so long ago.
fn age(store: &Store, age: Duration) {
    let mut pending: Vec<PathBuf> =
        ["references", "receipts", "steps", "derived"].map(|name| store.root().join(name)).into();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap(),
            }
        }
    }
}

/// Prunes what was not used for so many days.
fn prune(store: Store, days: u32) -> (Store, Usage) {
    let root = store.root().to_owned();
    drop(store);
    let since = Some(SystemTime::now() - days * DAY);
    let would = Store::open(&root).unwrap().usage(since).unwrap();
    let usage = ExclusiveStore::open(&root, false).unwrap().prune(since).unwrap();
    assert_eq!(would.kinds, usage.kinds, "what is told is done");
    let store = Store::open(root).unwrap();
    let audit = store.audit(false, NonZero::<usize>::MIN).unwrap();
    assert!(audit.findings.is_empty(), "{audit:?}");
    (store, usage)
}

fn pruned(usage: &Usage) -> BTreeMap<Kind, u64> {
    let pruned = usage.kinds.iter().map(|(kind, amounts)| (*kind, amounts.pruned.files));
    pruned.filter(|(_, files)| *files > 0).collect()
}

#[test]
fn keeps_what_has_a_name_and_what_was_used_lately() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let named = image(&store, "named");
    let index = Exact::write(Index::new(vec![named.manifest.clone()])).unwrap();
    store.put(index.bytes()).unwrap();
    store.put_reference("team/hello:1.0", &index.descriptor(media_type::INDEX)).unwrap();
    let stale = image(&store, "stale");
    store.put_step("build", &key("stale"), &stale.blobs, &0).unwrap();
    let base = image(&store, "base");
    store.put_reference("base/0123", &base.manifest).unwrap();
    store.keep_derived("segment", &key("segment"), b"a segment");
    let statement = store.put(b"an inventory").unwrap();
    store.put_step("inventory", &key("inventory"), std::slice::from_ref(&statement), &0).unwrap();
    let unused = store.put(b"of a run that was interrupted").unwrap();
    age(&store, 40 * DAY);
    let fresh = image(&store, "fresh");
    store.put_step("build", &key("fresh"), &fresh.blobs, &0).unwrap();

    let (store, usage) = prune(store, 30);
    assert!(has(&store, &named) && has(&store, &fresh) && store.contains(index.digest()));
    assert!(has_nothing_of(&store, &stale) && has_nothing_of(&store, &base));
    assert_eq!(store.derived("segment", &key("segment"), 100), None);
    assert!([statement, unused].iter().all(|blob| !store.contains(blob)));
    assert_eq!(store.receipts(&named.manifest.digest).unwrap(), std::slice::from_ref(&named.receipt));
    assert!(store.contains(&named.receipt.digest) && store.contains(&fresh.receipt.digest));
    assert!(store.receipts(&stale.manifest.digest).unwrap().is_empty());
    assert!(store.reference("base/0123").unwrap().is_none());
    assert_eq!((store.step::<u8>(&key("fresh")).unwrap(), store.step::<u8>(&key("stale")).unwrap()), (Some(0), None));
    let expected = [
        (Kind::Built, 4),
        (Kind::Base, 4),
        (Kind::Artifact, 6),
        (Kind::Statement, 1),
        (Kind::Unused, 1),
        (Kind::Reference, 1),
        (Kind::Receipt, 2),
        (Kind::Step, 2),
        (Kind::Derived, 1),
    ];
    assert_eq!(pruned(&usage), BTreeMap::from(expected));
    // Once more there is nothing to do.
    assert!(pruned(&prune(store, 30).1).is_empty());
}

#[test]
fn without_a_time_only_what_has_a_name_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (named, built, base) = (image(&store, "named"), image(&store, "built"), image(&store, "base"));
    store.put_reference("hello", &named.manifest).unwrap();
    store.put_reference("base/0", &base.manifest).unwrap();
    store.put_step("build", &key("built"), &built.blobs, &0).unwrap();
    let root = store.root().to_owned();
    drop(store);
    ExclusiveStore::open(&root, false).unwrap().prune(None).unwrap();
    let store = Store::open(root).unwrap();
    assert!(has(&store, &named) && store.contains(&named.receipt.digest));
    assert!(has_nothing_of(&store, &built) && has_nothing_of(&store, &base));
}

#[test]
fn a_use_keeps_a_record_for_as_long_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (step, base, both) = (image(&store, "step"), image(&store, "base"), image(&store, "both"));
    store.put_step("build", &key("step"), &step.blobs, &0).unwrap();
    store.put_step("build", &key("other"), &both.blobs, &0).unwrap();
    store.put_reference("base/0", &base.manifest).unwrap();
    age(&store, 40 * DAY);
    store.step::<u8>(&key("step")).unwrap().unwrap();
    store.reference("base/0").unwrap().unwrap();
    store.receipts(&both.manifest.digest).unwrap();
    let (store, _) = prune(store, 30);
    assert!(has(&store, &step) && has(&store, &base));
    // A receipt that is used keeps what it is about.
    assert!(has(&store, &both) && store.step::<u8>(&key("other")).unwrap().is_none());
    // A use is noted once a day, which counts for those who use it.
    age(&store, 30 * DAY + DAY / 2);
    let (store, usage) = prune(store, 30);
    assert!(pruned(&usage).is_empty(), "{usage:?}");
    age(&store, 31 * DAY + DAY / 2);
    assert!(!pruned(&prune(store, 30).1).is_empty());
}

#[test]
fn nothing_is_pruned_while_somebody_is_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let root = store.root().to_owned();
    let unfinished = store.writer().unwrap();
    let clone = store.clone();
    drop(store);
    let error = ExclusiveStore::open(&root, false).unwrap_err();
    assert!(matches!(&error, StoreError::InUse { root: found, .. } if *found == root), "{error}");
    assert!(error.hint().unwrap().contains("--wait"));
    drop(clone);
    assert!(matches!(ExclusiveStore::open(&root, false), Err(StoreError::InUse { .. })), "a blob is being written");
    drop(unfinished);
    let alone = ExclusiveStore::open(&root, false).unwrap();
    assert!(matches!(ExclusiveStore::open(&root, false), Err(StoreError::InUse { .. })));

    // Whoever comes meanwhile waits, and says so.
    let (told, heard) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn({
        let root = root.clone();
        move || Store::open_or_wait(root, || told.send(()).unwrap()).unwrap()
    });
    heard.recv().unwrap();
    assert!(!waiting.is_finished());
    alone.prune(None).unwrap();
    drop(alone);
    waiting.join().unwrap();
}

#[test]
fn waits_for_those_who_are_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (root, blob) = (store.root().to_owned(), store.put(b"needed").unwrap());
    let pruning = std::thread::spawn(move || ExclusiveStore::open(root, true).unwrap().prune(None).unwrap());
    // Whether it waits already or not yet: what is needed is there as long as the store is.
    assert_eq!(store.read(&blob, 10).unwrap(), b"needed");
    assert!(!pruning.is_finished());
    drop(store);
    assert_eq!(pruned(&pruning.join().unwrap()), BTreeMap::from([(Kind::Unused, 1)]));
}

#[test]
fn what_interrupted_runs_left_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let partial = store.root().join("partial");
    fs::write(partial.join("file"), "four").unwrap();
    fs::create_dir_all(partial.join("scratch-1/deep")).unwrap();
    fs::write(partial.join("scratch-1/deep/file"), "x").unwrap();
    let root = store.root().to_owned();
    drop(store);
    let usage = ExclusiveStore::open(root, false).unwrap().prune(Some(SystemTime::now())).unwrap();
    assert_eq!(pruned(&usage), BTreeMap::from([(Kind::Unfinished, 2)]));
    assert_eq!(fs::read_dir(partial).unwrap().count(), 0);
}

#[test]
fn what_consign_did_not_write_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let root = store.root().to_owned();
    drop(store);
    fs::create_dir(root.join("receipts/sha256")).unwrap();
    let paths = ["notes.txt", "blobs/sha256/x", "references/a b", "receipts/sha256/x"].map(|path| root.join(path));
    paths.iter().for_each(|path| fs::write(path, "dear to somebody").unwrap());
    let usage = ExclusiveStore::open(&root, false).unwrap().prune(None).unwrap();
    assert!(usage.kinds.is_empty(), "{usage:?}");
    assert!(paths.iter().all(|path| path.exists()));
}
