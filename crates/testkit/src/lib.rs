//! For tests: registries with counters and faults, signed package mirrors, random images.

pub mod layers;
pub mod mirror;
pub mod mutate;
pub mod registry;
pub mod tools;
