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

/// Returns every file in a folder and those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

#[test]
fn nothing_is_pruned_as_long_as_it_is_not_clear_what_is_needed() {
    type Find = fn(&Store, &Image) -> PathBuf;
    type Case = (&'static str, Find, Find, fn(&Path), &'static str);
    let name: Find = |store, _| store.root().join("references/hello.json");
    let step: Find = |store, _| store.root().join(format!("steps/{}.json", key("built").hex()));
    let receipt: Find = |store, image| {
        let (subject, receipt) = (image.manifest.digest.hex(), image.receipt.digest.hex());
        store.root().join(format!("receipts/sha256/{subject}/{receipt}.json"))
    };
    let manifest: Find = |store, image| store.path(&image.manifest.digest);
    let artifact: Find = |store, image| store.path(&image.receipt.digest);
    let table: [Case; 9] = [
        ("a name that is cut off", name, name, |path| fs::write(path, "{").unwrap(), "it is not a record"),
        ("an empty step", step, step, |path| fs::write(path, "").unwrap(), "it is not a record"),
        ("a receipt that is none", receipt, receipt, |path| fs::write(path, "7").unwrap(), "it is not a record"),
        (
            "a name without end",
            name,
            name,
            |path| File::options().write(true).open(path).unwrap().set_len(1 << 40).unwrap(),
            "it is larger than any record",
        ),
        (
            "a name that lies elsewhere",
            name,
            name,
            |path| {
                let elsewhere = path.with_extension("moved");
                fs::rename(path, &elsewhere).unwrap();
                std::os::unix::fs::symlink(elsewhere, path).unwrap();
            },
            "it is not a regular file",
        ),
        ("a manifest that is cut off", manifest, name, |path| fs::write(path, "{").unwrap(), "is corrupt"),
        ("an artifact that is cut off", artifact, name, |path| fs::write(path, "{").unwrap(), "is corrupt"),
        (
            // Reading a folder fails, whoever tries.
            "a manifest that cannot be read",
            manifest,
            name,
            |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            "cannot be read: Is a directory",
        ),
        (
            "a name of another type",
            name,
            name,
            |path| {
                let text = fs::read_to_string(path).unwrap();
                fs::write(path, text.replace(media_type::MANIFEST, media_type::INDEX)).unwrap();
            },
            "is none",
        ),
    ];
    for (what, spoilt, named, spoil, why) in table {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let (keep, built) = (image(&store, "keep"), image(&store, "built"));
        store.put_reference("hello", &keep.manifest).unwrap();
        store.put_step("build", &key("built"), &built.blobs, &0).unwrap();
        spoil(&spoilt(&store, &keep));
        let (named, root) = (named(&store, &keep), store.root().to_owned());
        let before = files(&root);
        let would = store.usage(None).unwrap_err();
        drop(store);
        let error = ExclusiveStore::open(&root, false).unwrap().prune(None).unwrap_err();
        for error in [would, error] {
            let StoreError::Unclear { path, source } = &error else { panic!("{what}: {error}") };
            assert!(*path == named && source.to_string().contains(why), "{what}: {error}: {source}");
            assert!(error.hint().unwrap().contains("store check"));
        }
        assert_eq!(files(&root), before, "{what}");
    }
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
    fs::write(partial.join(".tmp012345"), "four").unwrap();
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
    let hex = "0".repeat(64);
    fs::create_dir(root.join("receipts/sha256").join(&hex)).unwrap();
    let paths = [
        "notes.txt".to_owned(),
        "blobs/sha256/x".to_owned(),
        "references/a b".to_owned(),
        "receipts/x".to_owned(),
        "receipts/sha256/x".to_owned(),
        format!("receipts/sha256/{hex}/x.json"),
        "steps/x.json".to_owned(),
        format!("steps/{hex}"),
        "derived/x".to_owned(),
        format!("derived/{hex}"),
        "partial/x".to_owned(),
        "partial/scratch/x".to_owned(),
    ];
    let paths = paths.map(|path| root.join(path));
    fs::create_dir(root.join("partial/scratch")).unwrap();
    for path in &paths {
        fs::write(path, "dear to somebody").unwrap();
        File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    // Opening it for others removes nothing of that, either.
    drop(Store::open(&root).unwrap());
    let usage = ExclusiveStore::open(&root, false).unwrap().prune(None).unwrap();
    assert!(usage.kinds.is_empty(), "{usage:?}");
    assert!(paths.iter().all(|path| path.exists()));
}
