//! Copies between registries that count what they are asked, and places on this machine.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod careless;
mod digests;
mod faults;
mod foreign;
mod formats;
mod hostile;
mod peers;
mod pruning;
mod rebasing;
mod referrers;
mod requests;
mod sealing;
mod state;
mod sync;
mod walk;
mod world;
