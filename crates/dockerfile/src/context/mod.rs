//! What COPY and ADD take files from.

mod ignore;

pub use ignore::{PatternError, Patterns};
