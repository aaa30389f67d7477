//! Dockerfiles: from text to images.

pub mod context;
mod expand;
mod files;
pub mod instruction;
pub mod stage;
pub mod syntax;
mod transfer;

pub use expand::{ExpandError, Expanded, Expander, Quotes, Variables};
pub use transfer::TransferError;
