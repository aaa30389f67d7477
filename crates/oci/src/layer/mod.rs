//! Layers that come out the same bytes from the same entries, and the reader of layers (`read`).
//!
//! A layer is a tar stream made of segments: the shared folders first, then one segment for each package or group of files, each sorted by path.
//! A segment is one gzip member or, if it is large, several (RFC 1952, section 2.2: a gzip file is a series of members). So what was
//! compressed before is copied instead of compressed again, members are compressed on all processors, and the bytes depend on neither.

mod compressing;
mod contents;
mod contents_error;
mod device;
mod entry;
mod entry_error;
mod gzip_member;
mod id;
mod on_disk;
mod pax;
mod pieces;
mod read;
mod tar_stream;
mod watch;
mod writer;

pub use contents::Contents;
pub use contents_error::ContentsError;
pub use device::{Device, DeviceClass};
pub use entry::{Entry, EntryPath, EntryPathError, Kind};
pub use entry_error::EntryError;
pub use gzip_member::{NoCache, SegmentCache};
pub use id::{NO_ID, parse_id};
pub use on_disk::OnDisk;
pub use read::{Counted, LayerError, Member, MemberKind, MemberPathError, Members, begins_tar_stream, member_path};
pub use tar_stream::TarWriter;
pub use watch::{LayerWatcher, WatchedLayer};
pub use writer::{Layer, compress_stream, write_layer};
