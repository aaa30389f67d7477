//! What is known of earlier steps: in the store, and in caches elsewhere; and why something was not known.

mod entry;
mod error;
mod export;
mod import;
mod journal;
mod look;
mod memory;
mod parts;
mod record;
mod setting;
mod source;
mod step;
mod why;

pub use error::CacheError;
pub use export::Export;
pub(crate) use journal::Journal;
pub(crate) use look::Question;
pub(crate) use parts::{FILE_LIMIT, Parts};
pub(crate) use record::Record;
pub use setting::Direction;
pub(crate) use source::Sources;
pub(crate) use step::Position;
pub use step::Step;
pub use why::Why;
