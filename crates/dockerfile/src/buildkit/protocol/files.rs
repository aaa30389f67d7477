//! Messages of `types/wire.proto` and `types/stat.proto` of tonistiigi/fsutil, which `session/filesync/filesync.proto` of moby/buildkit carries.

/// The kinds of packets (`fsutil.types.Packet.PacketType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum PacketKind {
    /// What is at a path; without a path: there are no more.
    Stat = 0,
    /// Asks for the content of a file, by its number among the paths.
    Request = 1,
    /// A part of a file's content; an empty one ends it.
    Data = 2,
    /// All is there.
    Finished = 3,
    /// Something went wrong.
    Error = 4,
}

/// `fsutil.types.Packet`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Packet {
    #[prost(enumeration = "PacketKind", tag = "1")]
    pub(crate) kind: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) stat: Option<Stat>,
    #[prost(uint32, tag = "3")]
    pub(crate) id: u32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) data: bytes::Bytes,
}

/// `fsutil.types.Stat`. The mode has the bits of Go's `io/fs.FileMode`; times are in nanoseconds since 1970.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Stat {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(uint32, tag = "2")]
    pub(crate) mode: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) user: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) group: u32,
    #[prost(int64, tag = "5")]
    pub(crate) size: i64,
    #[prost(int64, tag = "6")]
    pub(crate) modified: i64,
    /// Where a symbolic link leads, or the first name of a file with several.
    #[prost(string, tag = "7")]
    pub(crate) link: String,
    #[prost(int64, tag = "8")]
    pub(crate) device_major: i64,
    #[prost(int64, tag = "9")]
    pub(crate) device_minor: i64,
}
