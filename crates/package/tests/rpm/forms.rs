//! The forms that databases have, and what is read of each.

use super::berkeley::{Order, berkeley, ndb};
use super::header::{Field, header, package};
use super::sqlite::{PAGE, log, sqlite};
use consign_package::rpm::{self, RpmError};
use consign_testkit::tools::peer;
use std::fmt::Write;

fn names(database: &[u8], log: Option<&[u8]>) -> Vec<String> {
    rpm::read(database, log).unwrap().into_iter().map(|package| package.name).collect()
}

#[test]
fn reads_each_form() {
    let entries = [package("small", 1), package("large", 10_000), package("exact", 486 * 3), package("last", 400)];
    for database in [sqlite(&entries), ndb(&entries), berkeley(&entries, Order::Little), berkeley(&entries, Order::Big)]
    {
        let packages = rpm::read(&database, None).unwrap();
        let lengths = packages.iter().map(|package| (package.name.as_str(), package.summary.as_ref().unwrap().len()));
        let expected = [("small", 1), ("large", 10_000), ("exact", 1458), ("last", 400)];
        assert_eq!(lengths.collect::<Vec<_>>(), expected);
        assert!(packages.iter().all(|package| package.files.len() == 2));
    }
    for other in [&b""[..], b"x", b"SQLite format 2\0", &[0; 100]] {
        assert_eq!(rpm::read(other, None), Err(RpmError::Unknown));
    }
}

#[test]
fn reads_rows_of_any_length() {
    let lengths: Vec<usize> = (0..1200).step_by(7).collect();
    for length in lengths {
        let entries = [package("a", length), package("b", length * 2)];
        assert_eq!(names(&sqlite(&entries), None), ["a", "b"], "{length}");
        assert_eq!(names(&berkeley(&entries, Order::Little), None), ["a", "b"], "{length}");
    }
}

#[test]
fn bounds_the_number_of_packages() {
    let key = header(&[(1000, Field::Text("gpg-pubkey"))]);
    let limit = 100_000;
    assert_eq!(rpm::read(&ndb(&vec![key.clone(); limit]), None), Ok(Vec::new()));
    assert_eq!(rpm::read(&ndb(&vec![key; limit + 1]), None), Err(RpmError::Packages { limit }));
}

#[test]
fn reads_what_is_in_the_log_alone() {
    let database = sqlite(&[package("a", 1), package("b", 1)]);
    let newer = sqlite(&[package("c", 1), package("d", 1)]);
    let page = |number: usize| &newer[(number - 1) * PAGE..number * PAGE];
    for order in [Order::Little, Order::Big] {
        let names = |log: &[u8]| names(&database, Some(log));
        assert_eq!(names(b""), ["a", "b"]);
        assert_eq!(names(&log(&[(3, page(3), 4)], order)), ["c", "b"]);
        assert_eq!(names(&log(&[(3, page(3), 0), (4, page(4), 4)], order)), ["c", "d"]);
        // The newest form of a page counts.
        assert_eq!(names(&log(&[(3, page(4), 4), (3, page(3), 4)], order)), ["c", "b"]);
        // What was not committed does not count, nor what follows a wrong sum.
        assert_eq!(names(&log(&[(3, page(3), 4), (4, page(4), 0)], order)), ["c", "b"]);
        let mut damaged = log(&[(3, page(3), 4), (4, page(4), 4)], order);
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        assert_eq!(names(&damaged), ["c", "b"]);
        damaged[40] ^= 1;
        assert_eq!(names(&damaged), ["a", "b"]);
        damaged[0] ^= 1;
        assert_eq!(names(&damaged), ["a", "b"]);
    }
    // A database that has become shorter does not have its last page any more.
    let shorter = log(&[(3, page(3), 3)], Order::Little);
    assert!(matches!(rpm::read(&database, Some(&shorter)), Err(RpmError::Damaged { .. })));
}

/// Writes entries with the program of SQLite's: half of them reach the database, and the rest its log alone.
#[test]
fn reads_what_sqlite_writes() {
    let Some(sqlite3) = peer("sqlite3") else { return };
    let entries: Vec<Vec<u8>> = (0..400).map(|number| package("a", number * 37 % 9000)).collect();
    let insert = |script: &mut String, entries: &[Vec<u8>]| {
        script.push_str("BEGIN;\n");
        for entry in entries {
            let hex: String = entry.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(script, "INSERT INTO Packages (blob) VALUES (x'{hex}');").unwrap();
        }
        script.push_str("COMMIT;\n");
    };
    for page_size in [512, 1024, 4096, 65536] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rpmdb.sqlite");
        let mut script = format!(
            ".dbconfig no_ckpt_on_close on\nPRAGMA page_size={page_size};\nPRAGMA journal_mode=wal;\nPRAGMA wal_autocheckpoint=0;\n\
             CREATE TABLE 'Other' (key TEXT);\n\
             CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL);\n"
        );
        insert(&mut script, &entries[..200]);
        script.push_str("PRAGMA wal_checkpoint(TRUNCATE);\nDELETE FROM Packages WHERE hnum % 3 = 0;\n");
        insert(&mut script, &entries[200..]);
        std::fs::write(folder.path().join("script"), script).unwrap();
        let read_script = format!(".read {}", folder.path().join("script").display());
        sqlite3.run([path.as_os_str(), read_script.as_ref()]).unwrap();
        let database = std::fs::read(&path).unwrap();
        let log = std::fs::read(folder.path().join("rpmdb.sqlite-wal")).unwrap();
        assert!(!log.is_empty(), "the log was written back");
        let summaries = |log| {
            let packages = rpm::read(&database, log).unwrap();
            packages.iter().map(|package| package.summary.as_ref().map_or(0, String::len)).collect::<Vec<_>>()
        };
        let expected = |numbers: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            numbers.map(|number| number * 37 % 9000).collect()
        };
        assert_eq!(summaries(None), expected(&mut (0..200)), "{page_size}");
        let kept = &mut (0..400).filter(|number| *number >= 200 || (number + 1) % 3 != 0);
        assert_eq!(summaries(Some(&log)), expected(kept), "{page_size}");
    }
}
