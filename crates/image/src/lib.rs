//! An image wherever it lies.
//!
//! [`ImageReference`] is what people write; [`Place`] is what it opens: one view over a registry, an OCI layout, an archive or
//! the store. Whatever comes out of a place was checked against the digest that asked for it.
//! [`import`] brings an image into the store, [`write_archive`] takes it out again.

mod archive;
mod base;
mod blob_reference;
mod built;
mod engine;
mod error;
pub mod export;
mod files;
mod graph;
mod import;
pub mod layer;
mod layout;
mod place;
mod platform;
mod reference;
mod segments;
mod send;
mod sink;
pub mod unpack;
mod write;

pub use archive::{ArchiveImage, write_archive};
pub use base::{Base, BaseError};
pub use blob_reference::{BlobReference, BlobReferenceError};
pub use built::Built;
pub use consign_engine::{Access, Engine, EngineError, Engines, Facts};
pub use consign_registry::{BlobReader, Found, Pushed};
pub use engine::{FromEngine, Part, from_engine};
pub use error::{ImageError, Trouble};
pub use files::{ArchiveError, Form, LayoutProblem};
pub use graph::{DEPTH_LIMIT, ENTRY_LIMIT, LAYER_LIMIT, children, closure};
pub use import::import;
pub use layout::Layout;
pub use place::Place;
pub use reference::{ImageReference, ImageReferenceError};
pub use sink::Sink;
pub use write::{Parts, WriteError, rfc3339};
