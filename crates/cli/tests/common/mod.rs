//! A place of its own for each test: a folder under git, a key, a store, ports, and the program with nothing else around it.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "shared by test programs, which each use a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where its surroundings fail")]

mod archive;
mod attaching;
mod destination;
mod environment;
mod image_layout;
mod program;
mod registry;
mod run;
mod sigstore;
mod surroundings;
mod watching;

pub use archive::OpenArchive;
pub use attaching::attach;
pub use destination::Destination;
pub use environment::{Invocation, TestEnvironment, program_path};
pub use image_layout::{ImageLayout, LayerWriter};
pub use program::{endless_program, foreign_platform, host_platform, program, runs_here};
pub use registry::{AccessLog, RegistryServer, free_port};
pub use run::Run;
pub use sigstore::TestSigstore;
pub use watching::{network_calls, watch};
