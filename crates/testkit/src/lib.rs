//! For tests: registries with counters and faults, signed package mirrors, random images, git repositories, programs that are killed at a chosen moment.

pub mod aws;
pub mod certificates;
pub mod distribution;
pub mod elf;
pub mod engine;
pub mod feeds;
pub mod front;
pub mod git;
pub mod layers;
pub mod mirror;
pub mod mutate;
pub mod registry;
mod serving;
pub mod sigstore;
pub mod tools;
pub mod trace;
pub mod trivy;
