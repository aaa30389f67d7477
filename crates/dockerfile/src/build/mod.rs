//! From a Dockerfile to an image in the store: stages, and in each one instruction after the other.

mod add;
mod builder;
mod builders;
mod error;
mod evaluate;
mod image;
mod images;
mod in_threads;
mod layer;
mod named;
mod pinned;
mod program;
mod recipe;
mod remote;
mod remote_error;
mod remote_files;
mod request;
mod secrets;
mod settings;
mod spool;
mod state;
mod time;
mod transfer;

pub(crate) use builder::Builder;
pub use builders::{Daemon, Program};
pub use error::{BuildError, ErrorKind, MissingPlatform, StepError};
pub(crate) use evaluate::Left;
pub use image::build;
pub use images::{ResolveRequest, resolve};
pub use named::NamedContext;
pub use recipe::Recipe;
pub use remote_error::RemoteError;
pub use request::Request;
pub use secrets::Secrets;
pub(crate) use state::State;
