//! What COPY and ADD take files from.

mod folder;
mod ignore;

pub use folder::{Context, ContextError};
pub use ignore::{PatternError, Patterns};
