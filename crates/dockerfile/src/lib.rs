//! Builds Dockerfiles.
//!
//! A file becomes statements ([`syntax`]), statements become instructions ([`instruction`]), and those that a build needs are found by their
//! stages ([`stage`]). [`build`] does what they say, for one platform, into the store: a layer of files is written straight from where the files
//! lie, and no tree is unpacked for it. [`lint`] says what could be better in a file.

mod agent;
mod build;
pub mod buildkit;
mod cache;
pub mod context;
mod expand;
mod files;
mod glob;
pub mod instruction;
pub mod lint;
mod run;
pub mod stage;
pub mod syntax;
mod transfer;

pub use build::{
    BuildError, Daemon, ErrorKind, MissingPlatform, NamedContext, Program, Recipe, RemoteError, Request,
    ResolveRequest, Secrets, StepError, build, resolve,
};
pub use cache::{CacheError, Direction, Export, Step, Why};
pub use expand::{ExpandError, Expanded, Expander, Quotes, Variables};
pub use files::FilesError;
pub use run::{Kitchen, KitchenOptions, RunError, Upkeep};
pub use transfer::TransferError;
