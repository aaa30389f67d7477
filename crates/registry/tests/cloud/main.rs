//! Registries of Google's and Azure's: where identities come from, and how they become a login. All of it is played by services of this machine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod azure;
mod certificates;
mod failing;
mod google;
mod hostile;
mod world;
