//! A store with very many records: what is done about each stays the same, however many there are.
//!
//! `CONSIGN_SOAK=1` makes it as many as 100,000 of each kind and prints times.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "a test without a harness says itself what it did")]

use consign_oci::{Descriptor, Digest, Exact, Manifest, media_type};
use consign_store::{ExclusiveStore, Kind, Store};
use serde_json::json;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::time::{Instant, SystemTime};

/// Most system calls that read, for each record.
const READS: u64 = 4;

fn main() {
    // What others may write to is not as it should be.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let soak = std::env::var_os("CONSIGN_SOAK").is_some();
    let sizes: &[u64] = if soak { &[1_000, 100_000] } else { &[500, 5_000] };
    for size in sizes {
        let folder = tempfile::tempdir().unwrap();
        of_size(&folder.path().join("store"), *size);
    }
}

fn of_size(root: &Path, size: u64) {
    let store = Store::open(root).unwrap();
    let manifest = fill(&store, size);
    let records = 3 * size;
    let key = |number: u64| Digest::of(&number.to_be_bytes());

    let few = 100;
    measure("put", size, few, || {
        for number in 0..few {
            store.put_reference(&format!("other/{number}"), &manifest).unwrap();
            store.put_step("select", &key(number), &[], &number).unwrap();
            store.put_receipt(&manifest.digest, &manifest).unwrap();
        }
    });
    measure("read", size, 3 * few, || {
        for number in 0..few {
            assert_eq!(store.reference(&format!("team/image-{number}:1.0")).unwrap(), Some(manifest.clone()));
            assert_eq!(store.step::<u64>(&key(number)).unwrap(), Some(number));
            assert_eq!(store.receipts(&key(number)).unwrap(), std::slice::from_ref(&manifest));
        }
    });
    let usage = measure("df", size, records, || store.usage(Some(SystemTime::now())).unwrap());
    assert_eq!(usage.kinds[&Kind::Step].all.files, size);
    let audit = measure("check", size, records, || store.audit(false, NonZero::new(2).unwrap()).unwrap());
    assert!(audit.findings.is_empty() && audit.records == records + few + 1, "{} {:?}", audit.records, audit.left);
    drop(store);
    let store = ExclusiveStore::open(root, false).unwrap();
    let pruned = measure("prune", size, records, || store.prune(None).unwrap());
    assert_eq!(pruned.kinds[&Kind::Step].pruned.files, size);
    assert_eq!(pruned.kinds[&Kind::Reference].pruned.files, 0);
}

/// Does something about so many records, and counts what it reads.
fn measure<T>(name: &str, size: u64, records: u64, work: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), reads());
    let result = work();
    let (took, reads) = (start.elapsed(), reads() - before);
    println!("{size} of each kind: {name} of {records} in {:.3} s, {reads} reads", took.as_secs_f64());
    assert!(reads <= READS * records + 1_000, "{name}: {reads} reads for {records} records");
    result
}

/// Returns how often this process has read from a file (proc(5), "/proc/pid/io"). Opening and listing are not counted, but nothing is opened here
/// that is not read.
fn reads() -> u64 {
    let text = fs::read_to_string("/proc/self/io").unwrap();
    text.lines().find_map(|line| line.strip_prefix("syscr: ")).unwrap().parse().unwrap()
}

/// Writes as many references, receipts and steps, without waiting for the disk, and returns the manifest that they name.
fn fill(store: &Store, size: u64) -> Descriptor {
    let config = Descriptor::new(media_type::CONFIG, store.put(b"{\"a\":1}").unwrap(), 7);
    let manifest = Exact::write(Manifest::new(config, Vec::new())).unwrap();
    store.put(manifest.bytes()).unwrap();
    let descriptor = manifest.descriptor(media_type::MANIFEST);
    let record = serde_json::to_vec(&descriptor).unwrap();
    let step = |number: u64| json!({ "kind": "build", "blobs": [descriptor.digest], "result": number });
    let root = store.root();
    fs::create_dir_all(root.join("references/team")).unwrap();
    for number in 0..size {
        let key = Digest::of(&number.to_be_bytes());
        fs::write(root.join(format!("references/team/image-{number},1.0.json")), &record).unwrap();
        let receipts = root.join("receipts/sha256").join(key.hex());
        fs::create_dir_all(&receipts).unwrap();
        fs::write(receipts.join(format!("{}.json", descriptor.digest.hex())), &record).unwrap();
        fs::write(root.join(format!("steps/{}.json", key.hex())), step(number).to_string()).unwrap();
    }
    descriptor
}
