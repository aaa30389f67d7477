//! The advisory database as a thing that is fetched and published: from feeds, as their publishers offer them, or as an artifact on a registry.
//!
//! A database is only ever replaced by one that is whole: it is written beside the old one, opened, compared with it, and renamed.

mod artifact;
mod error;
mod feeds;
mod source;
mod update;

pub use artifact::{ARTIFACT, publish_database};
pub use error::DatabaseUpdateError;
pub use source::{DatabaseSource, DatabaseSourceError};
pub use update::{DatabaseUpdate, UpdatedDatabase};
