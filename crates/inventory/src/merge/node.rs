/// Memory of one node beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 128;

/// What stands at a path. Folders, and files that no cataloguer looks at, are not kept: all that matters about them is what they replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A link with this target, as written.
    Symlink(String),
    /// A file that a cataloguer looked at.
    Noted(NoteKey),
    /// A file that a cataloguer looked at, and that says nothing.
    Silent,
    /// A file that a cataloguer would look at, but which is another name of one that none did.
    Unread,
    /// A file that no cataloguer looks at. It is kept for what else is to be known of it.
    Plain,
}

/// A file, beside what it says of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Permission bits.
    pub(crate) mode: u32,
    /// What else is to be known of it: its layer, and the number of the facts there.
    pub(crate) facts: Option<NoteKey>,
}

/// Which note says what is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NoteKey {
    /// The layer that has the contents, counted from the lowest.
    pub(crate) layer: u32,
    /// Number of the note in that layer.
    pub(crate) note: u32,
}

impl Node {
    /// Returns the memory that it takes at a path, roughly, in bytes.
    pub(crate) fn size(&self, path: &str) -> usize {
        let own = if let Self::Symlink(target) = self { target.len() } else { 0 };
        NODE_SIZE + path.len() + own
    }
}
