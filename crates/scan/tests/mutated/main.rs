//! Damaged databases and feeds: nothing panics, and `checks` holds. The targets in `fuzz/` check the same where there is a compiler for that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod checks;
#[path = "../common/mod.rs"]
mod common;
mod feeds;

use common::{record, sbom, with, write};
use consign_oci::Digest;
use consign_scan::{Built, Database, Subject, scan};
use consign_testkit::mutate::{seeds_of_the_caller, survives};
use feeds::{archives, texts};
use serde_json::json;
use std::fs;

/// Returns a small database of several feeds.
fn database() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let fixed = record("CVE-2026-1", "Debian:12", "tool", Some("2.0"));
    let words = json!({"details": "words ".repeat(300), "aliases": ["GHSA-1"]});
    write(folder.path(), &[with(fixed, words), record("CVE-2026-2", "npm", "tool", None)]);
    for (number, (name, text)) in texts().into_iter().enumerate() {
        let end = name.split_once('.').unwrap().1;
        fs::write(folder.path().join(format!("feed-{number}.{end}")), text).unwrap();
    }
    Built::of(&[folder.path()], None).unwrap().bytes().to_vec()
}

#[test]
fn databases() {
    let good = database();
    survives(&[vec![good.clone()], seeds_of_the_caller()].concat(), 500, checks::database);
    // What still answers says the same: the part that is damaged was not needed.
    let (digest, document) =
        (Digest::of(b"manifest"), sbom(&["pkg:deb/debian/tool@1.0?distro=debian-12", "pkg:npm/tool@1"]));
    let subject = Subject { digest: &digest, platform: None, sbom: &document, created: None };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    let answer = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let opened = Database::open(&path, "2026-11-21T00:00:00Z".parse().unwrap()).ok()?;
        Some((opened.digest().clone(), scan(&subject, &opened).ok()?.statement.bytes().to_vec()))
    };
    let expected = answer(&good);
    assert!(expected.is_some());
    survives(&[good], 500, |bytes| assert!([None, expected.clone()].contains(&answer(bytes)), "another answer"));
}

#[test]
fn feeds_of_all_kinds() {
    let numbered = |(name, contents): (&str, Vec<u8>)| {
        let number = checks::NAMES.iter().position(|known| *known == name).unwrap();
        [vec![u8::try_from(number).unwrap()], contents].concat()
    };
    let texts = texts().into_iter().map(|(name, text)| (name, text.into_bytes()));
    let seeds: Vec<Vec<u8>> = texts.chain(archives()).map(numbered).collect();
    for seed in &seeds {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(checks::NAMES[usize::from(seed[0])]);
        fs::write(&path, &seed[1..]).unwrap();
        Built::of(&[&path], None).unwrap();
    }
    survives(&[seeds, seeds_of_the_caller()].concat(), 150, checks::feed);
}
