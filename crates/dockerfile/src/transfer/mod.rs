//! COPY and ADD: what goes where, decided without touching anything.

pub(crate) mod archive;
mod error;
mod mode;
mod offer;
mod path;
mod place;

pub use error::TransferError;
pub(crate) use mode::ModeChange;
pub(crate) use offer::{Item, Offer};
pub(crate) use path::clean;
pub(crate) use place::{Items, Placing};
