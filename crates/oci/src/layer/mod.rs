//! Layers that come out the same bytes from the same entries.
//!
//! A layer is a tar stream made of segments: the shared folders first, then one segment for each package or group of files, each sorted by path.
//! A segment is one gzip member or, if it is large, several (RFC 1952, section 2.2: a gzip file is a series of members). So what was
//! compressed before is copied instead of compressed again, members are compressed on all processors, and the bytes depend on neither.

mod entry;
mod member;
mod pieces;
mod tar_stream;
mod writer;

pub use entry::{Entry, EntryPath, EntryPathError, Kind};
pub use member::{NoCache, SegmentCache};
pub use writer::{Layer, write_layer};
