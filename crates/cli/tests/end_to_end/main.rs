//! The program as people run it: one file for each command or topic.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod archive;
mod build;
mod configuration;
mod debian;
mod determinism;
mod gate;
mod help;
mod inspect;
mod keygen;
mod plan;
mod publishing;
mod registry;
mod release;
mod tags;
mod trust;
mod verify;
