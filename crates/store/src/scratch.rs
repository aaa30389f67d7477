use crate::atomic::PARTIAL_PREFIX;
use crate::remove::remove_tree;
use crate::{Store, StoreError};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What names of scratch folders begin with.
const PREFIX: &str = "scratch-";
/// How often a scratch folder is made anew because another process took the last one for an abandoned one.
const ATTEMPTS: usize = 16;
/// Most names in `partial` that are looked at when a store is opened.
const SWEEP_LIMIT: usize = 10_000;
/// Age of a file in `partial` that nobody writes any more.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// A private folder for something large that is soon thrown away. It goes, with all that is in it, when this is dropped; if the process is
/// killed before that, it goes when the store is opened next.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Locked, which says to other processes that the folder is in use. The lock ends with the process, however it ends.
    _lock: File,
}

/// Returns whether consign gives such a name to something in `partial`.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(PREFIX) || name.starts_with(PARTIAL_PREFIX)
}

impl Scratch {
    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is tried again when the store is opened next, and is only space.
        let _ = remove_tree(&self.path);
    }
}

impl Store {
    /// Makes a private folder on the store's file system.
    pub fn scratch(&self) -> Result<Scratch, StoreError> {
        let partial = self.partial();
        let failed = |source| StoreError::Io { action: "make a folder in", path: partial.clone(), source };
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&partial).map_err(failed)?;
            // Between these two lines another process may take the folder for an abandoned one, lock and remove it.
            if let Some(lock) = lock(folder.path()).map_err(failed)? {
                return Ok(Scratch { path: folder.keep(), _lock: lock });
            }
        }
        Err(failed(io::ErrorKind::ResourceBusy.into()))
    }

    /// Removes what processes that were killed left behind. That something of it stays is no reason not to go on.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(self.partial()) else { return };
        for entry in entries.take(SWEEP_LIMIT).flatten() {
            let path = entry.path();
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let name = entry.file_name();
            let begins_with = |prefix: &str| name.as_encoded_bytes().starts_with(prefix.as_bytes());
            if metadata.is_dir() && begins_with(PREFIX) {
                if let Ok(Some(_lock)) = lock(&path) {
                    let _ = remove_tree(&path);
                }
            } else if metadata.is_file()
                && begins_with(PARTIAL_PREFIX)
                && age(&metadata).is_some_and(|age| age > ABANDONED)
            {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Locks a folder; `None` if another process has it, or has removed it meanwhile.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let absent = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error) };
    let folder = match File::open(path) {
        Ok(folder) => folder,
        Err(error) => return absent(error),
    };
    match folder.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let locked = identity(folder.metadata()?);
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok((identity(metadata) == locked).then_some(folder)),
        Err(error) => absent(error),
    }
}

fn age(metadata: &fs::Metadata) -> Option<Duration> {
    metadata.modified().ok()?.elapsed().ok()
}
