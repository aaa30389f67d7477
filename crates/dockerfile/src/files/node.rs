use blake3::Hash;
use bytes::Bytes;
use consign_oci::layer::Device;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What stands at a path of an image or of a context.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// Permission bits, at most `0o7777`.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// In seconds since 1970.
    pub(crate) mtime: u64,
    /// Extended attributes, by their whole names.
    pub(crate) attributes: BTreeMap<String, Vec<u8>>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// A file. All its names have the same one.
    File(Arc<FileNode>),
    Directory,
    /// A symbolic link with this target, as written.
    Symlink(String),
    /// A named pipe.
    Fifo,
    Device(Device),
    /// What no engine knows, or something whose name is not UTF-8: it is not copied.
    Special,
}

/// A file, wherever it lies.
#[derive(Clone, Debug)]
pub(crate) struct FileNode {
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) lies: Lies,
    /// Its text, where it says who has an account and was read already.
    pub(crate) text: OnceLock<String>,
}

/// Where a file's contents lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lies {
    /// On this machine.
    OnDisk(PathBuf),
    /// In a layer.
    InLayer {
        /// The layer's place in the image, from 0, lowest first.
        layer: usize,
        /// The member's place in the layer, from 0.
        member: usize,
        digest: Hash,
    },
    /// In memory.
    Here(Bytes),
}

impl FileNode {
    pub(crate) fn new(size: u64, lies: Lies) -> Self {
        Self { size, lies, text: OnceLock::new() }
    }
}

impl Node {
    /// Makes a folder of mode 0755 that belongs to root.
    pub(crate) fn directory(mtime: u64) -> Self {
        Self { kind: NodeKind::Directory, mode: 0o755, uid: 0, gid: 0, mtime, attributes: BTreeMap::new() }
    }

    pub(crate) fn is_special(&self) -> bool {
        matches!(self.kind, NodeKind::Special)
    }

    pub(crate) fn is_directory(&self) -> bool {
        matches!(self.kind, NodeKind::Directory)
    }
}
