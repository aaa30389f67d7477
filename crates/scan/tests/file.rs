//! The file that a database is.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{database, findings, record, with, write};
use consign_scan::{Built, Database, DatabaseError};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn now() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

fn many(count: usize) -> Vec<Value> {
    let one = |number: usize| {
        let name = format!("package-{number}");
        let words = (0..20).map(|word| format!("{number}-{word}-{}", number * 7919 % 10_007)).collect::<Vec<_>>();
        with(
            record(&format!("CVE-2026-{number}"), "Debian:12", &name, Some("2.0")),
            json!({"details": words.join(" ")}),
        )
    };
    (0..count).map(one).collect()
}

fn built(records: &[Value]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), records);
    Built::of(&[folder.path()], None).unwrap()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn purl(number: usize) -> String {
    format!("pkg:deb/debian/package-{number}@1.0?distro=debian-12")
}

#[test]
fn a_file_says_what_its_records_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    built(&many(50)).write(&path).unwrap();
    let opened = Database::open(&path, now()).unwrap();
    let (purl, safe) = (purl(7), "pkg:deb/debian/package-8@2.0?distro=debian-12");
    let found = findings(&opened, &[&purl, safe]);
    assert_eq!(found.iter().map(|finding| finding.advisory.as_str()).collect::<Vec<_>>(), ["CVE-2026-7"]);
    assert_eq!((opened.records(), opened.packages()), (50, 50));
    let read = Database::read([&path], now()).unwrap();
    let made = database(&many(50));
    assert_eq!((read.digest(), made.digest()), (opened.digest(), opened.digest()));
    assert_eq!(findings(&made, &[&purl, safe]), found);
    // A database goes alone: it cannot be told apart again.
    let error = Database::read([path.as_path(), folder.path()], now()).unwrap_err();
    assert!(matches!(error, DatabaseError::Mixed { .. }), "{error}");
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let records = many(40);
    let mut reversed = records.clone();
    reversed.reverse();
    let expected = built(&records);
    assert_eq!(built(&reversed).bytes(), expected.bytes());
    // In several folders, and some of them twice.
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    write(&folders[0].path().join("a/b"), &records);
    write(&folders[1].path().join("c"), &reversed);
    let paths = [folders[1].path(), folders[0].path()];
    assert_eq!(Built::of(&paths, None).unwrap().bytes(), expected.bytes());
    assert_ne!(built(&records[1..]).bytes(), expected.bytes());
}

#[test]
fn opening_reads_the_table_of_contents_alone() {
    let bytes = built(&many(3000)).bytes().to_vec();
    let (_folder, path) = file(&bytes);
    let opened = Database::open(&path, now()).unwrap();
    let table = opened.bytes_read();
    assert!(table < 5_000, "{table} of {}", bytes.len());
    assert!(bytes.len() > 100_000, "{}", bytes.len());
    // One package needs few chunks, and asking again needs none.
    findings(&opened, &[&purl(1234)]);
    let one = opened.bytes_read() - table;
    assert!(one > 0 && one < bytes.len() as u64 / 2, "{one} of {}", bytes.len());
    findings(&opened, &[&purl(1234)]);
    assert_eq!(opened.bytes_read() - table, one);
    // All of them need every chunk once, and what only people want to know not at all.
    let purls: Vec<String> = (0..3000).map(purl).collect();
    findings(&opened, &purls.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(opened.bytes_read() - table < bytes.len() as u64);
}

#[test]
fn what_is_damaged_is_never_believed() {
    let bytes = built(&many(4)).bytes().to_vec();
    let purls: Vec<String> = (0..4).map(purl).collect();
    let purls: Vec<&str> = purls.iter().map(String::as_str).collect();
    let sbom = common::sbom(&purls);
    let digest = consign_oci::Digest::of(b"manifest");
    let subject = consign_scan::Subject { digest: &digest, platform: None, sbom: &sbom, created: None };
    let judged = |bytes: &[u8]| {
        let (_folder, path) = file(bytes);
        let opened = Database::open(&path, now()).map_err(|error| error.to_string())?;
        let receipt = consign_scan::scan(&subject, &opened).map_err(|error| error.to_string())?;
        Ok::<_, String>((opened.digest().clone(), receipt.statement.bytes().to_vec()))
    };
    let (digest, whole) = judged(&bytes).unwrap();
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 0x40;
        // What still opens says the same: the part was not needed.
        if let Ok((found, said)) = judged(&changed) {
            assert!(found == digest && said == whole, "byte {position}");
        }
    }
    for end in 0..bytes.len() {
        let (_folder, path) = file(&bytes[..end]);
        let error = Database::open(&path, now()).unwrap_err();
        assert!(matches!(error, DatabaseError::Damaged { .. } | DatabaseError::Foreign { .. }), "{end}: {error}");
    }
    let (_folder, path) = file(&[&bytes[..], b"x"].concat());
    let error = Database::open(&path, now()).unwrap_err().to_string();
    assert!(error.ends_with("advisories.db is damaged: something follows its end; fetch or build it anew"), "{error}");
}

#[test]
fn what_is_no_database_or_a_newer_one_is_said() {
    let said = |bytes: &[u8]| {
        let (folder, path) = file(bytes);
        let error = Database::open(&path, now()).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "[folder]")
    };
    let foreign = "[folder]/advisories.db is no advisory database; `consign db build` makes one";
    assert_eq!(said(b"SQLite format 3\0 and so on"), foreign);
    assert_eq!(said(b""), foreign);
    let mut newer = built(&many(1)).bytes().to_vec();
    for (version, advice) in [(3, "update consign, or build it anew"), (1, "build it anew of the same feeds")] {
        newer[8] = version;
        let expected = format!(
            "[folder]/advisories.db is an advisory database of format {version}, and 2 is the one that is known here: {advice}"
        );
        assert_eq!(said(&newer), expected);
    }
    // A table of contents that claims to be larger than the file, or than memory.
    for length in [u64::MAX, 1 << 40, 1 << 20] {
        let mut long = built(&many(1)).bytes().to_vec();
        long[12..20].copy_from_slice(&length.to_le_bytes());
        assert_eq!(said(&long), "[folder]/advisories.db is damaged: it is cut off; fetch or build it anew");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Database::open(&folder.path().join("missing"), now()), Err(DatabaseError::Read { .. })));
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    built(&many(2)).write(&path).unwrap();
    let old = Database::open(&path, now()).unwrap();
    built(&many(300)).write(&path).unwrap();
    // Whoever has opened the old one goes on with it.
    assert_eq!(findings(&old, &[&purl(1)]).len(), 1);
    assert_eq!(Database::open(&path, now()).unwrap().records(), 300);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
    let error = built(&many(1)).write(&folder.path().join("missing/advisories.db")).unwrap_err();
    assert!(matches!(error, DatabaseError::Write { .. }));
}

#[test]
fn the_clock_decides_when_a_file_is_read_not_when_it_is_built() {
    let later = with(record("CVE-1", "Debian:12", "a", None), json!({"withdrawn": "2026-06-01T00:00:00Z"}));
    let changed = with(record("CVE-2", "Debian:12", "a", None), json!({"modified": "2026-09-01T00:00:00Z"}));
    let bytes = built(&[later, changed]).bytes().to_vec();
    let (_folder, path) = file(&bytes);
    let at = |day: &str| {
        let opened = Database::open(&path, format!("{day}T00:00:00Z").parse().unwrap()).unwrap();
        let purl = "pkg:deb/debian/a@1?distro=debian-12";
        let claim = common::claim(&common::scanned(&opened, &[purl]));
        let found: Vec<String> = claim.findings().into_iter().map(|finding| finding.advisory).collect();
        (found.join(" "), claim.scanner.db.last_update, opened.state())
    };
    let (before, between, after) = (at("2026-05-01"), at("2026-07-01"), at("2026-10-01"));
    assert_eq!((before.0.as_str(), before.1.as_str()), ("CVE-1 CVE-2", "2026-01-02T03:04:05Z"));
    assert_eq!((between.0.as_str(), between.1.as_str()), ("CVE-2", "1970-01-01T00:00:00Z"));
    assert_eq!((after.0.as_str(), after.1.as_str()), ("CVE-2", "2026-09-01T00:00:00Z"));
    assert!(before.2 != between.2 && between.2 != after.2);
}
