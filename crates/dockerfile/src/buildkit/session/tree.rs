use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat, openat2};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A folder that a daemon may read.
pub(in crate::buildkit) enum Tree {
    /// One of this machine.
    Folder {
        /// Where it is.
        path: PathBuf,
        /// The folder itself.
        root: OwnedFd,
        /// Later times become this one, in seconds since 1970.
        latest: Option<i64>,
    },
    /// Files that are only in memory, by name.
    Memory(BTreeMap<String, Vec<u8>>),
}

impl Tree {
    /// Opens a folder. Later times than `latest`, in seconds since 1970, become that one.
    pub(in crate::buildkit) fn open(path: &Path, latest: Option<i64>) -> io::Result<Self> {
        let root = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self::Folder { path: path.to_owned(), root, latest })
    }

    /// Opens a file in it. No symbolic link is followed, so that none leads outside.
    pub(super) fn read(&self, path: &str) -> io::Result<Box<dyn Read>> {
        let root = match self {
            Self::Memory(files) => {
                let file = files.get(path).ok_or(io::ErrorKind::NotFound)?;
                return Ok(Box::new(Cursor::new(file.clone())));
            }
            Self::Folder { root, .. } => root,
        };
        // A pipe that took the file's place would never let go.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let file = match openat2(root, path, flags, Mode::empty(), inside) {
            // Old kernels and some containers do not have this call.
            Err(Errno::NOSYS | Errno::PERM) => openat(root, path, flags, Mode::empty())?,
            opened => opened?,
        };
        Ok(Box::new(File::from(file)))
    }
}
