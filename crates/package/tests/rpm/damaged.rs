//! Damaged databases: whatever is in them, reading them ends, without a panic.

use super::berkeley::{Order, berkeley, ndb};
use super::header::package;
use super::sqlite::{PAGE, sqlite};
use consign_package::rpm::{self, RpmError};

fn reason(database: &[u8]) -> &'static str {
    match rpm::read(database, None) {
        Err(RpmError::Damaged { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pages_that_are_their_own_children_end() {
    let mut database = sqlite(&[package("a", 1), package("b", 2000)]);
    // The last page below the root is the root.
    database[PAGE + 8..PAGE + 12].copy_from_slice(&2_u32.to_be_bytes());
    assert_eq!(reason(&database), "a page is in two places");
    // A row goes on at its own page.
    let mut database = sqlite(&[package("a", 2000)]);
    let first = 3 * PAGE;
    database[first..first + 4].copy_from_slice(&4_u32.to_be_bytes());
    assert_eq!(reason(&database), "a page is in two places");
    database[first..first + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(reason(&database), "a page is not there");
}

#[test]
fn entries_that_lie_over_each_other_are_refused() {
    let mut database = ndb(&[package("a", 3000), package("b", 1)]);
    // Ten slots for one package.
    let slot = database[32..48].to_vec();
    for number in 1..10 {
        database[32 + number * 16..48 + number * 16].copy_from_slice(&slot);
    }
    assert_eq!(reason(&database), "packages lie over each other");
    // A page with many rows that are all the same one.
    let mut database = sqlite(&[package("a", 1)]);
    let leaf = 2 * PAGE;
    let pointer = database[leaf + 8..leaf + 10].to_vec();
    database[leaf + 4] = 100;
    for number in 1..100 {
        database[leaf + 8 + number * 2..leaf + 10 + number * 2].copy_from_slice(&pointer);
    }
    assert_eq!(reason(&database), "a row is longer than the database");
    let mut database = berkeley(&[package("a", 1000)], Order::Little);
    // A page of an item that leads to itself.
    let page = 3 * 512;
    database[page + 16..page + 20].copy_from_slice(&3_u32.to_le_bytes());
    assert_eq!(reason(&database), "an item goes on at a page that is not its own");
}

#[test]
fn what_rpm_does_not_write_is_not_read() {
    let unsupported = |database: &[u8]| match rpm::read(database, None) {
        Err(RpmError::Unsupported { what }) => what,
        other => panic!("{other:?}"),
    };
    let mut database = berkeley(&[package("a", 1)], Order::Little);
    database[25] = 9;
    assert_eq!(unsupported(&database), "a Berkeley DB other than a hash");
    database[24] = 1;
    assert_eq!(unsupported(&database), "encrypted");
    let mut database = sqlite(&[package("a", 1)]);
    database[59] = 2;
    assert_eq!(unsupported(&database), "an SQLite database in UTF-16");
    let mut database = sqlite(&[package("a", 1)]);
    let at = database.windows(8).position(|window| window == b"Packages").unwrap();
    database[at] = b'p';
    assert_eq!(unsupported(&database), "an SQLite database without a table `Packages`");
    let mut database = ndb(&[package("a", 1)]);
    database[4] = 1;
    assert_eq!(unsupported(&database), "an ndb of a version other than 0");
}
