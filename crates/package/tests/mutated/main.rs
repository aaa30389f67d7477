//! Damaged packages, databases and files: whatever is in them, reading them ends, without a panic, and `checks` holds.
//! The targets in `fuzz/` check the same where there is a compiler for that.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod checks;
mod databases;
mod deb;
mod language;
mod names;

// What is damaged is made as for the tests of what is not.
#[path = "../rpm/berkeley.rs"]
mod berkeley;
#[path = "../binaries/formats.rs"]
mod formats;
#[path = "../rpm/header.rs"]
#[expect(dead_code, reason = "other tests have headers with more")]
mod header;
#[path = "../binaries/information.rs"]
mod information;
#[path = "../binaries/listed.rs"]
mod listed;
#[path = "../language/samples.rs"]
mod samples;
#[path = "../rpm/sqlite.rs"]
mod sqlite;
#[path = "../java/zips.rs"]
mod zips;
