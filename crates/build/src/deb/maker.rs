use crate::tree::{Segment, Tree, TreeError};
use bytes::Bytes;
use consign_oci::layer::{Entry, Kind};

/// Puts what maintainer scripts would have made into the image, unless something is there: what the user or a package put there stays.
pub(crate) struct Maker<'a> {
    pub(crate) tree: &'a mut Tree,
    /// Time of everything that is made, in seconds since 1970.
    pub(crate) mtime: u64,
}

impl Maker<'_> {
    pub(crate) fn file(&mut self, path: &str, contents: impl Into<Bytes>, mode: u32) -> Result<(), TreeError> {
        self.owned(path, Kind::File(contents.into().into()), mode, (0, 0))
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) -> Result<(), TreeError> {
        self.owned(path, Kind::Symlink(target.to_owned()), 0o777, (0, 0))
    }

    pub(crate) fn directory(&mut self, path: &str, mode: u32) -> Result<(), TreeError> {
        self.owned(path, Kind::Directory, mode, (0, 0))
    }

    pub(crate) fn owned(&mut self, path: &str, kind: Kind, mode: u32, (uid, gid): (u32, u32)) -> Result<(), TreeError> {
        if self.tree.contains(path) {
            return Ok(());
        }
        let entry = Entry { mode, uid, gid, mtime: self.mtime, ..Entry::new(path.parse()?, kind) };
        self.tree.put(entry, Segment::Generated)
    }

    /// Copies a file, with its mode and time, as `cp -p` does.
    pub(crate) fn copy(&mut self, source: &str, path: &str) -> Result<(), TreeError> {
        let Ok(real) = self.tree.resolve(&source.parse()?) else { return Ok(()) };
        let (Some(contents), Some(node)) = (self.tree.contents(source).cloned(), self.tree.get(&real)) else {
            return Ok(());
        };
        let entry = Entry { path: path.parse()?, kind: Kind::File(contents), ..node.entry.clone() };
        if self.tree.contains(path) {
            return Ok(());
        }
        self.tree.put(entry, Segment::Generated)
    }
}
