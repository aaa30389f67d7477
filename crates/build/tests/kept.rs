//! What is made of downloads is kept, is used only where it is whole, and makes no difference to what is built.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use consign_testkit::mirror::{Mirror, MirrorPackage};
use std::fs;
use std::path::{Path, PathBuf};
use support::Workshop;

const IMAGE: &str = "packages: [tool, library]\n";

fn workshop() -> Workshop {
    let tool = MirrorPackage::new("tool", "1", "amd64").file("usr/bin/tool", b"tool", 0o755);
    let library = MirrorPackage::new("library", "1", "amd64").file("usr/lib/library", b"library", 0o644);
    let mut workshop = Workshop::new().mirror("test", &Mirror::new("test").package(tool).package(library));
    workshop.reuse = true;
    workshop
}

/// Returns what is kept of a kind.
fn kept(workshop: &Workshop, kind: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(workshop.store.root().join("derived")).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{kind}-"));
    let mut paths: Vec<PathBuf> = names.filter(is_it).collect();
    paths.sort();
    paths
}

/// Builds as if nothing had been built before, and returns the digest of the manifest; `None` if something could not be fetched.
async fn build(workshop: &Workshop) -> Option<String> {
    for entry in fs::read_dir(workshop.store.root().join("steps")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    kept(workshop, "segment").iter().for_each(|path| fs::remove_file(path).unwrap());
    let outcome = workshop.build(IMAGE, "linux/amd64").await.ok()?;
    assert!(!outcome.built.reused && !outcome.entries.is_empty());
    Some(outcome.built.manifest.digest().to_string())
}

/// Takes the mirror's indexes and packages away, or brings them back. The release file stays.
fn away(workshop: &Workshop, is_away: bool) {
    let mirror = workshop.folder.path().join("mirror0");
    for folder in ["pool", "dists/test/main"] {
        let there = mirror.join(folder);
        let hidden = there.with_extension("away");
        let (from, to) = if is_away { (there, hidden) } else { (hidden, there) };
        fs::rename(from, to).unwrap();
    }
}

#[tokio::test]
async fn downloads_are_taken_apart_once() {
    let mut workshop = workshop();
    let first = build(&workshop).await.unwrap();
    assert_eq!((kept(&workshop, "index").len(), kept(&workshop, "package").len()), (1, 2));
    away(&workshop, true);
    assert_eq!(build(&workshop).await.as_ref(), Some(&first));
    // Who asks for nothing of earlier runs gets nothing of them.
    workshop.reuse = false;
    assert_eq!(build(&workshop).await, None);
}

#[tokio::test]
async fn what_is_damaged_is_made_again() {
    let workshop = workshop();
    let first = build(&workshop).await.unwrap();
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |path| fs::write(path, b"").unwrap(),
        |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        },
        |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[70] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path| fs::remove_file(path).unwrap(),
    ];
    for kind in ["index", "package"] {
        for (number, damage) in damages.iter().enumerate() {
            for path in kept(&workshop, kind) {
                let whole = fs::read(&path).unwrap();
                damage(&path);
                away(&workshop, true);
                assert_eq!(build(&workshop).await, None, "{kind}, {number}");
                away(&workshop, false);
                assert_eq!(build(&workshop).await.as_ref(), Some(&first), "{kind}, {number}");
                assert!(fs::read(&path).unwrap() == whole, "{kind}, {number}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_of_another_form_or_of_another_package_is_made_again() {
    let workshop = workshop();
    let first = build(&workshop).await.unwrap();
    let [one, other] = &kept(&workshop, "package")[..] else { unreachable!() };
    fs::copy(other, one).unwrap();
    let key = kept(&workshop, "index")[0].file_name().unwrap().to_str().unwrap()["index-".len()..].to_owned();
    let key = format!("sha256:{key}").parse().unwrap();
    workshop.store.keep_derived("index", &key, b"consign packages 0\n as an earlier version wrote it");
    away(&workshop, true);
    assert_eq!(build(&workshop).await, None);
    away(&workshop, false);
    assert_eq!(build(&workshop).await.as_ref(), Some(&first));
    away(&workshop, true);
    assert_eq!(build(&workshop).await.as_ref(), Some(&first));
}
