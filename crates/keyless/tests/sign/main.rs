//! What is signed without a key, at a Sigstore of a test's own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cosign;
mod disclosure;
mod faults;
mod formats;
mod login;
mod sources;
mod updates;
mod world;
