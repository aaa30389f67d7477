//! Several processes use a store at the same time, while others prune and check it: this program starts itself as each of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "a test without a harness says itself what it did")]

use consign_oci::{Descriptor, Digest, Exact, Manifest, media_type};
use consign_store::{ExclusiveStore, Kind, Store, StoreError};
use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

/// Processes that write.
const WRITERS: usize = 4;
/// How often each opens the store and writes to it.
const ROUNDS: usize = 30;
/// How many different images they write.
const IMAGES: usize = 8;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match &arguments[..] {
        [_, role, root, number] if role == "writer" => writer(Path::new(root), number.parse().unwrap()),
        [_, role, root, _] if role == "pruner" => pruner(Path::new(root)),
        [_, role, root, _] if role == "checker" => checker(Path::new(root)),
        _ => many_processes_share_a_store(),
    }
}

fn many_processes_share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let start = |role: &str, number: usize| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([role, root.to_str().unwrap(), &number.to_string()]).spawn().unwrap()
    };
    let writers: Vec<Child> = (0..WRITERS).map(|number| start("writer", number)).collect();
    let others = [start("pruner", 0), start("checker", 0)];
    let ended = |mut child: Child| child.wait().unwrap().success();
    let written = writers.into_iter().map(ended).collect::<Vec<_>>();
    File::create(done(&root)).unwrap();
    let others = others.map(ended);
    assert!(written.iter().chain(&others).all(|success| *success), "{written:?} {others:?}");

    let store = Store::open(&root).unwrap();
    let audit = store.audit(false, NonZero::<usize>::MIN).unwrap();
    assert!(audit.findings.is_empty() && audit.unfinished == 0, "{audit:?}");
    // What has a name is there, whatever was pruned.
    for number in 0..WRITERS {
        let image = store.reference(&format!("writer/{number}:latest")).unwrap().unwrap();
        store.read(&image.digest, 1 << 20).unwrap();
    }
    let prunes = fs::read_to_string(pruned(&root)).unwrap().lines().count();
    println!(
        "{} writers, {ROUNDS} rounds each; pruned {prunes} times beside them; {} blobs left",
        WRITERS, audit.blobs
    );
    assert!(prunes > 0);
}

/// Opens the store, writes images that others write too, and finds all of it until it lets go.
fn writer(root: &Path, number: usize) {
    for round in 0..ROUNDS {
        if round == ROUNDS / 2 {
            // There is a moment when nobody is at work: pruning is not waited for by those who come.
            while !pruned(root).exists() {
                sleep(Duration::from_millis(5));
            }
        }
        let store = Store::open(root).unwrap();
        let name = format!("image {}", (number + round) % IMAGES);
        let key = Digest::of(name.as_bytes());
        let blobs = match store.step::<Vec<Digest>>(&key).unwrap() {
            Some(blobs) => blobs,
            None => {
                let blobs = image(&store, &name);
                store.put_step("build", &key, &blobs, &blobs).unwrap();
                blobs
            }
        };
        let manifest = blobs.last().unwrap();
        let bytes = store.read(manifest, 1 << 20).unwrap();
        let descriptor = Descriptor::new(media_type::MANIFEST, manifest.clone(), bytes.len() as u64);
        store.put_reference(&format!("writer/{number}:latest"), &descriptor).unwrap();
        store.put_reference("shared:latest", &descriptor).unwrap();
        store.put_receipt(manifest, &descriptor).unwrap();
        let alone = store.put(format!("only of {number} in {round}").as_bytes()).unwrap();
        sleep(Duration::from_millis(2));
        // Nobody has taken anything away.
        blobs.iter().chain([&alone]).for_each(|blob| store.check(blob).unwrap());
        assert!(store.reference("shared:latest").unwrap().is_some());
        drop(store);
        sleep(Duration::from_millis(3));
    }
}

/// Writes an image and returns its blobs, the manifest last.
fn image(store: &Store, name: &str) -> Vec<Digest> {
    let mut layers = Vec::new();
    for part in 0..3 {
        let mut writer = store.writer().unwrap();
        // The layers of all images are partly the same.
        let text = if part == 0 { "the same" } else { name };
        (0..2_000).for_each(|line| writeln!(writer, "{text} {part} {line}").unwrap());
        let (digest, size) = writer.commit(None).unwrap();
        layers.push(Descriptor::new(media_type::LAYER, digest, size));
    }
    let config = store.put(name.as_bytes()).unwrap();
    let config = Descriptor::new(media_type::CONFIG, config, name.len() as u64);
    let manifest = Exact::write(Manifest::new(config.clone(), layers.clone())).unwrap();
    store.put(manifest.bytes()).unwrap();
    layers.into_iter().chain([config]).map(|blob| blob.digest).chain([manifest.digest().clone()]).collect()
}

/// Prunes whenever nobody is at work, until all writers have ended.
fn pruner(root: &Path) {
    loop {
        let last = done(root).exists();
        match ExclusiveStore::open(root, false) {
            Ok(store) => {
                let usage = store.prune(None).unwrap();
                assert!(usage.kinds.get(&Kind::Named).is_none_or(|named| named.pruned.files == 0));
                let mut log = File::options().append(true).create(true).open(pruned(root)).unwrap();
                writeln!(log, "pruned").unwrap();
            }
            Err(StoreError::InUse { processes, .. }) => assert!(!processes.contains(&std::process::id())),
            Err(error) => panic!("{error}"),
        }
        if last {
            return;
        }
        sleep(Duration::from_millis(1));
    }
}

/// Looks at everything again and again: at no moment is anything wrong.
fn checker(root: &Path) {
    while !done(root).exists() {
        let audit = Store::open(root).unwrap().audit(false, NonZero::new(2).unwrap()).unwrap();
        assert!(audit.findings.is_empty(), "{audit:?}");
        sleep(Duration::from_millis(10));
    }
}

fn done(root: &Path) -> std::path::PathBuf {
    root.with_file_name("done")
}

fn pruned(root: &Path) -> std::path::PathBuf {
    root.with_file_name("pruned")
}
