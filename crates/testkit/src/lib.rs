//! For tests: registries with counters and faults, signed package mirrors, random images, programs that are killed at a chosen moment.

pub mod certificates;
pub mod elf;
pub mod engine;
pub mod layers;
pub mod mirror;
pub mod mutate;
pub mod registry;
pub mod tools;
pub mod trace;
