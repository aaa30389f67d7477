//! The registry over HTTP: what distribution-spec v1.1 asks for, what its conformance suite checks, and what attackers try.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod blobs;
mod faults;
mod folder;
mod lock;
mod manifests;
mod names;
mod peers;
mod referrers;
mod tags;
mod uploads;
mod world;
