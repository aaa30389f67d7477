//! Real databases, as their publishers pack them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod common;

use common::read;
use std::path::PathBuf;

#[test]
fn published_databases_are_read_to_the_last_record() {
    let data = std::env::var_os("CONSIGN_TEST_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let folder = data.join("advisories");
    if !folder.is_dir() {
        eprintln!("not run: published databases");
        return;
    }
    let mut sum = 0;
    // Some of AlmaLinux's 5680 files hold the same bytes.
    for (name, records) in [("rustsec", 1206), ("go", 4291), ("almalinux", 5637), ("pypa", 2661)] {
        let database = read([folder.join(format!("{name}.tar.zst"))]).unwrap();
        assert_eq!(database.records(), records, "{name}");
        sum += records;
    }
    let archives = ["rustsec", "go", "almalinux", "pypa"].map(|name| folder.join(format!("{name}.tar.zst")));
    let all = read(&archives).unwrap();
    assert_eq!(all.records(), sum);
}
