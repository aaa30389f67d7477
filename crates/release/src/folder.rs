//! That a process serves a registry's folder, for other processes to see.

use crate::ReleaseError;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that whoever serves the folder holds a lock on. In it stands where anyone may write; it is empty where nobody else may.
const FILE: &str = "serve.lock";
/// Most bytes of the file that are read.
const LENGTH: u64 = 128;

/// A registry's folder that this process serves, and no other, until this is dropped. A process that dies lets it go.
#[derive(Debug)]
pub struct ServedFolder {
    path: PathBuf,
    file: File,
}

/// Who serves a folder.
pub(crate) enum Claim {
    /// This process, from now on.
    Ours(ServedFolder),
    /// Another one, which takes writes from anyone at this address, if at any.
    Theirs(Option<SocketAddr>),
}

impl ServedFolder {
    /// Takes the folder, making it where it is missing. Fails if another process serves it.
    pub fn claim(root: &Path) -> Result<Self, ReleaseError> {
        match claim(root)? {
            Claim::Ours(folder) => Ok(folder),
            Claim::Theirs(open_at) => Err(ReleaseError::FolderServed { folder: root.to_owned(), open_at }),
        }
    }

    /// Tells other processes that anyone may write at this address.
    pub fn open_at(&mut self, address: SocketAddr) -> Result<(), ReleaseError> {
        let written = self.file.write_all(address.to_string().as_bytes());
        written.map_err(|source| ReleaseError::Lock { path: self.path.clone(), source })
    }
}

/// Takes the folder, unless another process serves it.
pub(crate) fn claim(root: &Path) -> Result<Claim, ReleaseError> {
    let path = root.join(FILE);
    let failed = |source: io::Error| ReleaseError::Lock { path: path.clone(), source };
    fs::create_dir_all(root).map_err(failed)?;
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = options.map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            // What the last one wrote.
            file.set_len(0).map_err(failed)?;
            Ok(Claim::Ours(ServedFolder { path, file }))
        }
        Err(Errno::WOULDBLOCK) => {
            let mut bytes = Vec::new();
            (&mut file).take(LENGTH).read_to_end(&mut bytes).map_err(failed)?;
            Ok(Claim::Theirs(String::from_utf8_lossy(&bytes).parse().ok()))
        }
        Err(error) => Err(failed(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("registry");
        let address: SocketAddr = "127.0.0.1:5080".parse().unwrap();
        let mut first = ServedFolder::claim(&folder).unwrap();
        assert!(matches!(claim(&folder).unwrap(), Claim::Theirs(None)));
        first.open_at(address).unwrap();
        assert!(matches!(claim(&folder).unwrap(), Claim::Theirs(Some(found)) if found == address));
        let error = ServedFolder::claim(&folder).unwrap_err();
        assert!(matches!(error, ReleaseError::FolderServed { open_at: Some(found), .. } if found == address));
        drop(first);
        // What the first one wrote does not speak for the next.
        let _second = ServedFolder::claim(&folder).unwrap();
        assert!(matches!(claim(&folder).unwrap(), Claim::Theirs(None)));
    }
}
