//! Registries of Amazon ECR: where keys come from, how they become a login, and repositories that are made when they are first pushed to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod creating;
mod hostile;
mod listing;
mod login;
mod public;
mod sources;
mod world;
