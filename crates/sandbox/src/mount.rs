use crate::Layers;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Something that a command finds at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute path in the root file system. Links in it lead nowhere outside.
    pub target: String,
    /// What is there.
    pub kind: MountKind,
    /// Whether it cannot be changed.
    pub read_only: bool,
}

/// Kinds of what is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountKind {
    /// A folder, file or socket of this machine, with what is mounted below.
    Bind(PathBuf),
    /// A folder that is empty, writable to all, in memory, and gone afterwards.
    Temporary {
        /// Most bytes.
        size: u64,
    },
    /// A file in memory, gone afterwards.
    File(MemoryFile),
    /// A folder or file in stacked layers.
    Layers {
        /// The layers.
        layers: Layers,
        /// Path in them. Links in it lead nowhere outside.
        path: String,
    },
    /// What the kernel says of devices and itself (`/sys`), read-only. Left out where the kernel does not let a sandbox see it.
    System,
}

/// A file in memory, such as a secret: what it holds is in no file system that outlives the command, and never in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryFile {
    /// What it holds.
    pub contents: Vec<u8>,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permissions.
    pub mode: u32,
}

impl fmt::Debug for MemoryFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryFile")
            .field("uid", &self.uid)
            .field("gid", &self.gid)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Mount {
    /// Makes a temporary folder of at most 1 GiB.
    pub fn temporary(target: &str) -> Self {
        Self { target: target.to_owned(), kind: MountKind::Temporary { size: 1 << 30 }, read_only: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_no_secret() {
        let file = MemoryFile { contents: b"hunter2".to_vec(), uid: 0, gid: 0, mode: 0o400 };
        let mount = Mount { target: "/run/secrets/x".to_owned(), kind: MountKind::File(file), read_only: true };
        let shown = format!("{mount:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("104, 117") && shown.contains("/run/secrets/x"),
            "{shown}"
        );
    }
}
