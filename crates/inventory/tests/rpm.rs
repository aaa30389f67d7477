//! Databases of rpm's, as layers leave them behind.
#![allow(dead_code, clippy::unwrap_used, reason = "a test fails by panicking, and uses some of what writes databases")]

mod common;

#[path = "../../package/tests/rpm/berkeley.rs"]
mod berkeley;
#[path = "../../package/tests/rpm/header.rs"]
mod header;
#[path = "../../package/tests/rpm/sqlite.rs"]
mod sqlite;

use berkeley::{Order, berkeley, ndb};
use common::{file, list, names};
use consign_inventory::Catalogue;
use consign_oci::layer::{Entry, Kind};
use header::{Field, header, package};
use sha2::{Digest as _, Sha256};
use sqlite::{PAGE, log, sqlite};

const FOLDER: &str = "var/lib/rpm";
const OWNER: &str = "usr/lib/node_modules/left-pad/package.json";

fn lying(name: &str, contents: Vec<u8>) -> Entry {
    Entry::new(format!("{FOLDER}/{name}").parse().unwrap(), Kind::File(contents.into()))
}

/// A database of `base`, and a log by which `later` is in its place.
fn pair() -> [Entry; 2] {
    let newer = sqlite(&[package("later", 1)]);
    let written = log(&[(3, &newer[2 * PAGE..3 * PAGE], 3)], Order::Little);
    [lying("rpmdb.sqlite", sqlite(&[package("base", 1)])), lying("rpmdb.sqlite-wal", written)]
}

fn listed(layers: &[Vec<Entry>]) -> (String, Vec<String>) {
    let Catalogue { unlisted, .. } = list(layers).unwrap();
    (names(&list(layers).unwrap()), unlisted)
}

#[test]
fn a_log_counts_as_long_as_it_lies_beside_its_database() {
    let [database, log] = pair();
    let unread = || vec!["what /var/lib/rpm/rpmdb.sqlite-wal holds: it was not looked into".to_owned()];
    let other = || lying("rpmdb.sqlite-shm", Vec::new());
    for (name, layers, expected) in [
        ("both", vec![vec![database.clone(), log.clone()]], ("later 1.2-3.el9", vec![])),
        ("the log first", vec![vec![log.clone(), other(), database.clone()]], ("later 1.2-3.el9", vec![])),
        (
            "the log is gone",
            vec![vec![database.clone(), log.clone()], vec![file(&format!("{FOLDER}/.wh.rpmdb.sqlite-wal"), "")]],
            ("base 1.2-3.el9", vec![]),
        ),
        (
            "the log is empty",
            vec![vec![database.clone(), log.clone()], vec![lying("rpmdb.sqlite-wal", Vec::new())]],
            ("base 1.2-3.el9", vec![]),
        ),
        ("the log is of a later layer", vec![vec![database.clone()], vec![log.clone()]], ("base 1.2-3.el9", unread())),
        (
            "the database is another",
            vec![vec![database.clone(), log.clone()], vec![lying("rpmdb.sqlite", sqlite(&[package("new", 1)]))]],
            ("new 1.2-3.el9", unread()),
        ),
        ("far from each other", vec![vec![database, file("var/lib/other", ""), log]], ("base 1.2-3.el9", unread())),
    ] {
        assert_eq!(listed(&layers), (expected.0.to_owned(), expected.1), "{name}");
    }
}

#[test]
fn of_several_forms_the_newest_counts() {
    let old = || lying("Packages", berkeley(&[package("old", 1)], Order::Little));
    let new = || lying("rpmdb.sqlite", sqlite(&[package("new", 1)]));
    let between = || lying("Packages.db", ndb(&[package("between", 1)]));
    let older = |name: &str| format!("what /{FOLDER}/{name} lists: a newer database lies beside it");
    for (layers, expected) in [
        (vec![vec![old()]], ("old 1.2-3.el9", vec![])),
        (vec![vec![old(), new()]], ("new 1.2-3.el9", vec![older("Packages")])),
        (vec![vec![new()], vec![old()]], ("old 1.2-3.el9", vec![older("rpmdb.sqlite")])),
        (
            vec![vec![old(), between()], vec![file(&format!("{FOLDER}/.wh.Packages"), "")]],
            ("between 1.2-3.el9", vec![]),
        ),
    ] {
        assert_eq!(listed(&layers), (expected.0.to_owned(), expected.1));
    }
}

#[test]
fn a_small_database_does_not_become_a_large_list() {
    // Many names in a folder whose name is as long as none can be, and what is really there.
    let names: &'static [&'static str] = Box::leak(vec![""; 40_000].into_boxed_slice());
    let folder: &'static str = Box::leak("f".repeat(1 << 20).into_boxed_str());
    let large = header(&[
        (1000, Field::Text("large")),
        (1001, Field::Text("1")),
        (1002, Field::Text("1")),
        (1117, Field::Texts(names)),
        (1116, Field::Numbers(Box::leak(vec![0; 40_000].into_boxed_slice()))),
        (1118, Field::Texts(Box::leak(Box::new([folder])))),
    ]);
    let small = header(&[
        (1000, Field::Text("small")),
        (1001, Field::Text("1")),
        (1002, Field::Text("1")),
        (1117, Field::Texts(&["package.json"])),
        (1116, Field::Numbers(&[0])),
        (1118, Field::Texts(&["/usr/lib/node_modules/left-pad/"])),
    ]);
    let left_pad = file(OWNER, r#"{"name": "left-pad", "version": "1.3.0"}"#);
    let catalogue = list(&[vec![lying("rpmdb.sqlite", sqlite(&[large, small])), left_pad]]).unwrap();
    assert_eq!(common::lines(&catalogue), ["rpm large 1-1", "npm left-pad 1.3.0 owned", "rpm small 1-1"]);
}

/// A database of a package that owns a file with these contents.
fn owning(contents: &str) -> Vec<u8> {
    let digest: String = Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect();
    let digests: &'static [&'static str] = Box::leak(Box::new([&*Box::leak(digest.into_boxed_str())]));
    sqlite(&[header(&[
        (1000, Field::Text("owner")),
        (1001, Field::Text("1")),
        (1002, Field::Text("1")),
        (1035, Field::Texts(digests)),
        (1117, Field::Texts(&["package.json"])),
        (1116, Field::Numbers(&[0])),
        (1118, Field::Texts(&["/usr/lib/node_modules/left-pad/"])),
        (5011, Field::Numbers(&[8])),
    ])])
}

#[test]
fn files_are_the_package_s_as_long_as_they_are_what_it_brought() {
    let [own, other] = ["1.3.0", "1.3.1"].map(|version| format!(r#"{{"name": "left-pad", "version": "{version}"}}"#));
    for (contents, expected) in [(&own, "npm left-pad 1.3.0 owned"), (&other, "npm left-pad 1.3.1")] {
        let catalogue = list(&[vec![lying("rpmdb.sqlite", owning(&own)), file(OWNER, contents)]]).unwrap();
        assert_eq!(common::lines(&catalogue), [expected, "rpm owner 1-1"]);
    }
}

#[test]
fn a_database_that_moves_brings_nothing_anew() {
    let contents = r#"{"name": "left-pad", "version": "1.3.0"}"#;
    let moved = |database: &Vec<u8>| {
        let path = "usr/lib/sysimage/rpm/rpmdb.sqlite".parse().unwrap();
        vec![file(&format!("{FOLDER}/.wh.rpmdb.sqlite"), ""), Entry::new(path, Kind::File(database.clone().into()))]
    };
    let database = owning(contents);
    let layers = [vec![lying("rpmdb.sqlite", database.clone())], vec![file(OWNER, contents)], moved(&database)];
    // The file came after the package, wherever the package is listed.
    assert_eq!(common::lines(&list(&layers).unwrap()), ["npm left-pad 1.3.0", "rpm owner 1-1"]);
    let layers = [vec![lying("rpmdb.sqlite", database.clone()), file(OWNER, contents)], moved(&database)];
    assert_eq!(common::lines(&list(&layers).unwrap()), ["npm left-pad 1.3.0 owned", "rpm owner 1-1"]);
}

#[test]
fn a_large_distribution_has_all_its_files() {
    // Fifteen hundred packages of two hundred files in folders with long names: the last still owns its own.
    let folder: &'static str = Box::leak(format!("/usr/share/{}/", "a-long-folder/".repeat(6)).into_boxed_str());
    let folders: &'static [&'static str] = Box::leak(Box::new([folder]));
    let many: &'static [&'static str] = Box::leak(vec!["some-file-of-the-package.txt"; 200].into_boxed_slice());
    let zeros: &'static [u32] = Box::leak(vec![0; 200].into_boxed_slice());
    let package = |name: &'static str, names, numbers, folders| {
        header(&[
            (1000, Field::Text(name)),
            (1001, Field::Text("1")),
            (1002, Field::Text("1")),
            (1117, Field::Texts(names)),
            (1116, Field::Numbers(numbers)),
            (1118, Field::Texts(folders)),
        ])
    };
    let mut entries = vec![package("many", many, zeros, folders); 1500];
    entries.push(package("last", &["package.json"], &[0], &["/usr/lib/node_modules/left-pad/"]));
    let left_pad = file(OWNER, r#"{"name": "left-pad", "version": "1.3.0"}"#);
    let catalogue = list(&[vec![lying("Packages.db", ndb(&entries)), left_pad]]).unwrap();
    assert_eq!(common::lines(&catalogue)[1], "npm left-pad 1.3.0 owned");
}
