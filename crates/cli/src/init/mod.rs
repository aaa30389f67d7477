//! A first configuration for what is in a folder.

mod draft;
mod find;
mod forge;
mod kind;
mod workflow;

pub(crate) use draft::{Draft, NewFile};
pub(crate) use find::{Found, find};
pub(crate) use forge::Forge;
pub(crate) use workflow::workflow;
