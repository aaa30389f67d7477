//! Dockerfiles: from text to images.

pub mod context;
mod expand;
pub mod instruction;
pub mod stage;
pub mod syntax;

pub use expand::{ExpandError, Expanded, Expander, Quotes, Variables};
