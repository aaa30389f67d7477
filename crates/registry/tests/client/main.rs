//! The client against the embedded registry: every request, and everything that registries get wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bandwidth;
mod blobs;
mod broken;
mod budgets;
mod catalog;
mod certificates;
mod conditions;
mod downloads;
mod entrance;
mod faults;
mod identity;
mod listings;
mod login;
mod manifests;
mod manners;
mod mirrors;
mod mounts;
mod moving;
mod pages;
mod peers;
mod probe;
mod redirects;
mod referrers;
mod repositories;
mod resuming;
mod tags;
mod tokens;
mod uploads;
mod world;
