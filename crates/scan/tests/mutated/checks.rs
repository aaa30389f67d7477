//! What must hold of any bytes. The targets in `fuzz/` and the tests beside this file share it.

use consign_scan::{Built, Database, Difference};
use jiff::Timestamp;
use std::fs;

/// Names of files that feeds have, alone and in archives.
pub(crate) const NAMES: [&str; 7] =
    ["feed.json", "feed.yaml", "feed.csv", "feed.csv.gz", "feed.zip", "feed.tar", "feed.tar.gz"];

/// When nothing is yet to come, and long ago.
const TIMES: [&str; 2] = ["2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"];

/// A file is a database or is refused, and one that is opened is the same as itself. Parts are read when they are asked for, so that they may be
/// damaged: then there is no answer.
pub(crate) fn database(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("advisories.db");
    fs::write(&path, bytes).expect("a file");
    for now in times() {
        let Ok(opened) = Database::open(&path, now) else { continue };
        if let Ok(difference) = opened.difference(&opened) {
            assert_eq!(difference, Difference::default());
        }
        for query in ["CVE-2026-1", "pkg:deb/debian/tool@1.0?distro=debian-12", "tool"] {
            let found = opened.search(query).map_err(|error| error.to_string());
            assert_eq!(found, opened.search(query).map_err(|error| error.to_string()), "{query}");
        }
    }
}

/// A file of any name makes a database or is refused. The same file makes the same database, and what is made can be opened and read to its end.
/// The first byte says which name it has.
pub(crate) fn feed(bytes: &[u8]) {
    let Some((first, contents)) = bytes.split_first() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAMES[usize::from(*first) % NAMES.len()]);
    fs::write(&path, contents).expect("a file");
    let Ok(built) = Built::of(&[&path], None) else { return };
    let again = Built::of(&[&path], None).expect("what was read is read again");
    assert!(built.bytes() == again.bytes(), "it depends on more than the file");
    for now in times() {
        let built = Built::of(&[&path], None).expect("what was read is read again");
        let opened = built.open(now).unwrap_or_else(|error| panic!("what was built does not open: {error}"));
        let difference = opened.difference(&opened).unwrap_or_else(|error| panic!("it cannot be read: {error}"));
        assert_eq!(difference, Difference::default());
        assert!(opened.newest() <= now.max(Timestamp::UNIX_EPOCH), "newer than now");
    }
}

fn times() -> impl Iterator<Item = Timestamp> {
    TIMES.iter().map(|time| time.parse().expect("a time"))
}
