//! Layers that come out the same bytes from the same entries.
//!
//! A layer is a tar stream made of segments: the shared folders first, then one segment for each package or group of files, each sorted by path.
//! Every segment is one gzip member (RFC 1952, section 2.2: a gzip file is a series of members), so a segment that was
//! compressed before is copied instead of compressed again, and the bytes depend on neither thread count nor time.

mod entry;
mod writer;

pub use entry::{Entry, EntryPath, EntryPathError, Kind};
pub use writer::{Layer, LayerWriter, NoCache, SegmentCache};
