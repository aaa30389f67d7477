//! Holds the table of rooms in ARCHITECTURE.md against what the crates use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Whom every room may use without a word in the table.
const EVERYONES: [&str; 2] = ["oci", "receipt"];
/// What the table calls `every stage`.
const STAGES: [&str; 7] = ["build", "dockerfile", "inventory", "scan", "trial", "sign", "verify"];

/// Reads the table: each room, and whom it uses. The command line, which uses all, is left out.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let architecture = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md")).unwrap();
    let (_, table) = architecture.split_once("| room | its one job | uses |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let rows = rows.filter_map(|row| match row.split('|').map(str::trim).collect::<Vec<_>>()[..] {
        [_, "`cli`", _, "all", _] => None,
        [_, room, _, uses, _] => {
            let stages = STAGES.iter().filter(|_| uses.contains("every stage")).map(|room| (*room).to_owned());
            let named = uses.split('`').skip(1).step_by(2).map(str::to_owned);
            Some((room.trim_matches('`').to_owned(), stages.chain(named).collect()))
        }
        _ => panic!("no row of three cells: {row}"),
    });
    rows.collect()
}

/// Asks cargo whom each room uses.
fn used() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let rooms = metadata.packages.iter().filter_map(|package| {
        let room = package.name.strip_prefix("consign-")?;
        let used = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let used = used.filter_map(|dependency| dependency.name.strip_prefix("consign-"));
        Some((room.to_owned(), used.map(str::to_owned).collect()))
    });
    rooms.collect()
}

#[test]
fn rooms_use_what_the_table_says_and_nothing_else() {
    let mut used = used();
    used.values_mut().for_each(|used| used.retain(|room| !EVERYONES.contains(&room.as_str())));
    assert_eq!(used, table());
}

#[test]
fn whoever_everybody_uses_uses_nobody_else() {
    let used = used();
    assert_eq!(used["oci"], BTreeSet::new());
    assert_eq!(used["receipt"], BTreeSet::from(["oci".to_owned()]));
}
