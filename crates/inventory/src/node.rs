use bytes::Bytes;

/// Memory of one node beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 128;

/// What stands at a path. Folders, and files that no cataloguer reads, are not kept: all that matters about them is what they replace.
#[derive(Clone)]
pub(crate) enum Node {
    /// A link with this target, as written.
    Symlink(String),
    /// A file with these contents.
    Kept(Bytes),
    /// A file that a cataloguer would read, but whose contents are not at hand.
    Unkept,
}

impl Node {
    /// Returns the memory that it takes at a path, roughly, in bytes.
    pub(crate) fn size(&self, path: &str) -> usize {
        let own = match self {
            Self::Symlink(target) => target.len(),
            Self::Kept(contents) => contents.len(),
            Self::Unkept => 0,
        };
        NODE_SIZE + path.len() + own
    }
}
