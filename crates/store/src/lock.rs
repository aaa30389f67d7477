use crate::StoreError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The kernel's list of locks (proc(5), "/proc/locks").
const LOCKS: &str = "/proc/locks";

/// Locks the folder beside others who use it, for as long as the file is open; the lock ends with the process, however it ends. `waits` is called
/// before somebody who prunes is waited for.
///
/// `None` where the file system knows no locks: nobody can prune there either.
pub(crate) fn shared(root: &Path, waits: impl FnOnce()) -> Result<Option<File>, StoreError> {
    let folder = File::open(root).map_err(StoreError::io("open", root))?;
    let locked = match folder.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            waits();
            folder.lock_shared()
        }
        Err(TryLockError::Error(error)) => Err(error),
    };
    match locked {
        Ok(()) => Ok(Some(folder)),
        Err(error) if is_unsupported(&error) => Ok(None),
        Err(source) => Err(StoreError::Io { action: "lock", path: root.to_owned(), source }),
    }
}

/// Locks the folder against everybody else. Fails if somebody uses it, or with `wait` waits for a moment when nobody does. Waiting keeps nobody
/// from starting to use it.
pub(crate) fn exclusive(root: &Path, wait: bool) -> Result<File, StoreError> {
    let folder = File::open(root).map_err(StoreError::io("open", root))?;
    let failed = |source| StoreError::Io { action: "lock", path: root.to_owned(), source };
    match folder.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) if wait => folder.lock().map_err(failed)?,
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::InUse { root: root.to_owned(), processes: holders(&folder) });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    Ok(folder)
}

fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::BADF))
}

/// Returns the processes that hold a lock on the folder, as far as the kernel tells: those of another container, or of some file systems, are
/// not told.
fn holders(folder: &File) -> Vec<u32> {
    let Ok(metadata) = folder.metadata() else { return Vec::new() };
    let device = metadata.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let name = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
    let text = fs::read_to_string(LOCKS).unwrap_or_default();
    let holders = text.lines().filter_map(|line| {
        // `1: FLOCK  ADVISORY  READ  1234 fd:01:567 0 EOF`; those who wait have `->` before the kind.
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, process, file, ..] = fields[..] else { return None };
        (file == name).then(|| process.parse().ok()).flatten()
    });
    let mut holders: Vec<u32> = holders.filter(|process| *process != 0).collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}
