//! Real databases, as their publishers pack them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod common;

use common::{findings, read};
use consign_scan::{Built, Database};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

const ARCHIVES: [&str; 4] = ["rustsec", "go", "almalinux", "pypa"];

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("CONSIGN_TEST_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let found = data.join("advisories").is_dir();
    if !found {
        eprintln!("not run: published databases");
    }
    found.then_some(data)
}

fn all(data: &std::path::Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        ARCHIVES.iter().map(|name| data.join("advisories").join(format!("{name}.tar.zst"))).collect();
    all.push(data.join("advisories/kev.json.zst"));
    for part in ["v3.10-main", "v3.10-community", "v3.11-main", "v3.11-community"] {
        all.push(data.join(format!("alpine/secdb-{part}.yaml")));
    }
    all
}

#[test]
fn published_databases_are_read_to_the_last_record() {
    let Some(data) = data() else { return };
    let mut sum = 0;
    // Some of AlmaLinux's 5680 files hold the same bytes.
    for (name, records) in ARCHIVES.into_iter().zip([1206, 4291, 5637, 2661]) {
        let database = read([data.join("advisories").join(format!("{name}.tar.zst"))]).unwrap();
        assert_eq!(database.records(), records, "{name}");
        sum += records;
    }
    let mut paths = all(&data);
    let built = Built::of(&paths, None).unwrap();
    paths.reverse();
    assert_eq!(Built::of(&paths, None).unwrap().bytes(), built.bytes(), "the order of sources does not matter");
    let database = built.open("2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
    let mut origins: BTreeMap<&str, u64> = BTreeMap::new();
    let mut feeds: BTreeMap<&str, u64> = BTreeMap::new();
    for feed in database.feeds() {
        *feeds.entry(&feed.name).or_default() += feed.records;
        for origin in &feed.origins {
            *origins.entry(&origin.ecosystem).or_default() += origin.times.live;
        }
    }
    assert_eq!(feeds["CISA known exploited vulnerabilities"], 1404);
    assert_eq!(
        (feeds["OSV: Go"], feeds["OSV: crates.io"], feeds["OSV: PyPI"], feeds["OSV: AlmaLinux"]),
        (4291, 1206, 2661, 5637)
    );
    // Without those that were withdrawn: 17 of Go's, 13 of Rust's.
    assert_eq!((origins["Go"], origins["crates.io"]), (4274, 1193));
    // 1197 are errata that fix bugs or add something, and name no vulnerability: of those, only the packages' names are known.
    assert_eq!(origins["AlmaLinux:8"] + origins["AlmaLinux:9"] + origins["AlmaLinux:10"], 5680 - 1197);
    let fixes: usize =
        feeds.iter().filter(|(name, _)| name.starts_with("Alpine")).map(|(_, count)| *count as usize).sum();
    assert_eq!(database.records(), sum + fixes);
}

/// How long it takes is for people: `cargo test --release --test published -- --nocapture`.
#[test]
fn opening_and_matching_read_little() {
    let Some(data) = data() else { return };
    let started = Instant::now();
    let built = Built::of(&all(&data), None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.db");
    built.write(&path).unwrap();
    eprintln!("built in {:?}: {} bytes", started.elapsed(), built.bytes().len());
    let started = Instant::now();
    let database = Database::open(&path, "2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
    let (size, opening) = (built.bytes().len() as u64, database.bytes_read());
    eprintln!("opened in {:?}: {opening} bytes read", started.elapsed());
    assert!(opening * 50 < size, "{opening} of {size}");
    let purls: Vec<String> = (0..600)
        .map(|number| match number % 3 {
            0 => format!("pkg:rpm/almalinux/openssl-{number}@1.0-1?distro=almalinux-8.7"),
            1 => format!("pkg:golang/github.com/example/module-{number}@v1.0.0"),
            _ => "pkg:rpm/almalinux/kernel-core@4.18.0-1.el8?distro=almalinux-8.7".to_owned(),
        })
        .collect();
    let started = Instant::now();
    let found = findings(&database, &purls.iter().map(String::as_str).collect::<Vec<_>>()).len();
    let matching = database.bytes_read() - opening;
    eprintln!("matched {found} in {:?}: {matching} bytes read", started.elapsed());
    assert!(found > 0 && matching < size, "{found} findings, {matching} of {size}");
}
