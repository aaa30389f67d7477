use crate::layer::Device;
use std::collections::BTreeMap;

/// One member of a layer, as its headers state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name as written.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// Size of its contents in the stream, in bytes; 0 unless it is a file or of an unknown kind.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Number of its owner.
    pub uid: u64,
    /// Number of its group.
    pub gid: u64,
    /// Time of its last change, in seconds since 1970.
    pub mtime: u64,
    /// Extended attributes by their whole names: at most 1 MiB of them, and 64 KiB of each.
    pub attributes: BTreeMap<String, Vec<u8>>,
}

/// What a member of a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A file whose contents follow as they are.
    File,
    /// A file whose contents follow in pieces, with holes left out.
    SparseFile,
    /// A folder.
    Directory,
    /// A symbolic link to this target, as written.
    Symlink(Vec<u8>),
    /// Another name of this path, as written.
    HardLink(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A device.
    Device(Device),
    /// Something that no engine unpacks.
    Unknown,
}
