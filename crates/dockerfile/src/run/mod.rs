//! RUN: a command in a sandbox over the stage's layers, and what it changed as a layer.

mod carried;
mod command;
mod error;
mod kept;
mod kitchen;
mod mounts;
mod step;
mod target;
mod trees;
mod upkeep;

pub use error::RunError;
pub use kitchen::{Kitchen, KitchenOptions};
pub use upkeep::Upkeep;
