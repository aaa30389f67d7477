//! Which packages are chosen, as tables: indexes in short form, what is wanted, what comes out.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod any;
mod one;
mod together;
mod told;
mod world;
