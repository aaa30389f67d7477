//! The client against the embedded registry: every request, and everything that registries get wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blobs;
mod faults;
mod login;
mod manifests;
mod peers;
mod redirects;
mod referrers;
mod tags;
mod tokens;
mod uploads;
mod world;
