use consign_oci::Digest;
use std::collections::BTreeMap;
use std::fmt;

/// Longest text of a file that is shown as it is, in bytes.
const SHOWN: usize = 200;

/// What stands at a path.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) mode: u32,
    pub(super) user: u64,
    pub(super) group: u64,
    pub(super) attributes: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// A file, with a number that all its names share.
    File {
        contents: Vec<u8>,
        number: usize,
    },
    Folder,
    Symlink(String),
    Character(u32, u32),
    Block(u32, u32),
    Fifo,
}

impl Node {
    /// Returns a folder as engines make them where a layer names something below it, but not itself.
    pub(super) fn unnamed_folder() -> Self {
        Self { kind: NodeKind::Folder, mode: 0o755, user: 0, group: 0, attributes: BTreeMap::new() }
    }

    pub(super) fn is_folder(&self) -> bool {
        matches!(self.kind, NodeKind::Folder)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, mode, user, group, attributes } = self;
        match kind {
            NodeKind::File { contents, .. } => match std::str::from_utf8(contents) {
                Ok(text) if text.len() <= SHOWN => write!(formatter, "file {mode:04o} {user}:{group} {text:?}")?,
                _ => {
                    let (size, digest) = (contents.len(), Digest::of(contents));
                    write!(formatter, "file {mode:04o} {user}:{group} {size} {digest}")?;
                }
            },
            NodeKind::Folder => write!(formatter, "folder {mode:04o} {user}:{group}")?,
            NodeKind::Symlink(target) => write!(formatter, "symlink {user}:{group} -> {target}")?,
            NodeKind::Character(major, minor) => {
                write!(formatter, "character {mode:04o} {user}:{group} {major}:{minor}")?;
            }
            NodeKind::Block(major, minor) => write!(formatter, "block {mode:04o} {user}:{group} {major}:{minor}")?,
            NodeKind::Fifo => write!(formatter, "fifo {mode:04o} {user}:{group}")?,
        }
        for (name, value) in attributes {
            write!(formatter, " {name}={:?}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    }
}
