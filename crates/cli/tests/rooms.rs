//! Pins which room uses which: the table in ARCHITECTURE.md, as a test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Each room and the rooms that it may use, beside `oci` and `receipt`, which everyone may.
const ROOMS: &[(&str, &[&str])] = &[
    ("build", &["image", "package", "fetch", "store"]),
    ("context", &[]),
    ("fetch", &[]),
    ("image", &["store", "registry"]),
    ("inventory", &["image", "package"]),
    ("oci", &[]),
    ("package", &[]),
    ("plan", &["package"]),
    ("receipt", &[]),
    ("registry", &[]),
    ("registry-server", &["store"]),
    (
        "release",
        &[
            "build",
            "inventory",
            "scan",
            "trial",
            "sign",
            "verify",
            "image",
            "registry",
            "registry-server",
            "store",
            "sandbox",
            "fetch",
            "package",
            "plan",
            "context",
            "report",
        ],
    ),
    ("report", &[]),
    ("sandbox", &[]),
    ("scan", &["package"]),
    ("sign", &[]),
    ("store", &[]),
    ("testkit", &["registry-server", "registry"]),
    ("trial", &["image", "sandbox"]),
    ("verify", &["image", "sign"]),
];

#[test]
fn rooms_use_only_what_the_table_says() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let table: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut seen = BTreeSet::new();
    for package in &metadata.packages {
        let Some(room) = package.name.strip_prefix("consign-") else { continue };
        seen.insert(room.to_owned());
        let allowed = table.get(room).unwrap_or_else(|| panic!("the table has no room `{room}`"));
        let used = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        for other in used.filter_map(|dependency| dependency.name.strip_prefix("consign-")) {
            let everyone = other == "oci" || (other == "receipt" && room != "oci");
            assert!(everyone || allowed.contains(&other), "`{room}` uses `{other}`, which the table does not allow");
        }
    }
    assert_eq!(
        seen,
        table.keys().map(|room| (*room).to_owned()).collect(),
        "every room stands in the table, and every line of it is a room"
    );
}

#[test]
fn the_table_in_the_architecture_names_every_room() {
    let architecture = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md")).unwrap();
    for (room, _) in ROOMS {
        assert!(architecture.contains(&format!("| `{room}` |")), "ARCHITECTURE.md has no line for `{room}`");
    }
}
