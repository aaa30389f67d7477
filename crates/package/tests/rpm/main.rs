//! Databases of rpm's in each of their forms.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod berkeley;
mod damaged;
mod forms;
mod header;
mod packages;
mod real;
mod sqlite;
