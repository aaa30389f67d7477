use crate::ids::is_owner;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How to unpack a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpackOptions {
    /// Folders of the layers below, lowest first. Folders that the layer has no entry for, but something in, look as they do there.
    pub lower: Vec<PathBuf>,
    /// Most bytes, uncompressed.
    pub bytes: u64,
    /// Most entries.
    pub entries: u64,
}

impl Default for UnpackOptions {
    /// Knows of no layers below, and allows 64 GiB and ten million entries.
    fn default() -> Self {
        Self { lower: Vec::new(), bytes: 64 << 30, entries: 10_000_000 }
    }
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpacked {
    /// Entries of the layer.
    pub entries: u64,
    /// Bytes of files.
    pub bytes: u64,
    /// Devices that were left out: no sandbox may make one.
    pub devices: u64,
    /// Extended attributes that were left out: the file system has no such kind, or the sandbox may not set it.
    pub attributes: u64,
}

/// How to pack a folder as a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackOptions {
    /// Folders of the layers below, lowest first, by which it is known which folders hide something.
    pub lower: Vec<PathBuf>,
    /// The latest modification time, in seconds since 1970: later ones become this.
    pub latest: Option<u64>,
    /// Whether the folder becomes what unpacking the layer would make of it: times as packed, and nothing that was left out.
    pub settle: bool,
}

/// What was packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Entries of the layer.
    pub entries: u64,
    /// Sockets and devices, which layers cannot usefully have.
    pub left_out: u64,
}

/// Why something cannot be in a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum LayerFault {
    /// The stream is not a tar archive.
    #[error("the layer is no tar archive that readers agree on: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// The path leads out of the folder.
    #[error("its path is empty, has `..`, is no name of a file, or is longer than 4096 bytes or 256 parts")]
    Path,
    /// A hard link's target is not a file of the same layer.
    #[error("it is a hard link to `{target}`, which is no file of the same layer")]
    LinkTarget {
        /// The target.
        target: String,
    },
    /// The kind is not known.
    #[error("it is of a kind that is not known: sparse, or of a later format")]
    Kind,
    /// Everything below would be hidden.
    #[error("it hides every layer below, which stacked layers cannot do")]
    HidesAll,
    /// A file's name is that of a mark.
    #[error("its name starts with `.wh.`, by which layers mark what they remove")]
    Mark,
    /// Text that is none.
    #[error("its name, its target or a name of its attributes is not UTF-8, is too long, or has a line break")]
    Text,
    /// The owner is not known in the sandbox.
    #[error("its owner {uid}:{gid} {}", why_no_owner(*uid, *gid))]
    Owner {
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// There are more bytes than allowed.
    #[error("the layer has more than {limit} bytes")]
    Bytes {
        /// The limit.
        limit: u64,
    },
    /// There are more entries than allowed.
    #[error("the layer has more than {limit} entries")]
    Entries {
        /// The limit.
        limit: u64,
    },
}

fn why_no_owner(uid: u32, gid: u32) -> &'static str {
    if is_owner(uid, gid) {
        "is not among the ids that this user may map; widen the user's ranges in /etc/subuid and /etc/subgid"
    } else {
        "is nobody: ids are below 4294967295"
    }
}
