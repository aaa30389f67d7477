//! What COPY and ADD take files from.

mod folder;
mod ignore;
mod pattern;

pub use folder::{Context, ContextError};
pub use ignore::{PatternError, Patterns};
pub(crate) use pattern::Pattern;
