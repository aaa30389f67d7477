use crate::FetchError;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How exactly it is known when an answer was used last: one that is used is written to at most this often.
const USE_NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How much is kept of what was downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Number of files there were.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Number of those that were removed, or would be.
    pub pruned_files: u64,
    /// Bytes in those.
    pub pruned_bytes: u64,
}

/// Finds what was not used since `since`, or everything if that is `None`, in the folder that answers are kept in; with `remove`, removes it.
/// Whoever needs it downloads it again. Others may use the folder meanwhile.
pub fn prune(cache: &Path, since: Option<SystemTime>, remove: bool) -> Result<Kept, FetchError> {
    let since = since.map(|since| since.checked_sub(USE_NOTED_EVERY).unwrap_or(SystemTime::UNIX_EPOCH));
    let partial = cache.join("partial");
    let mut kept = Kept::default();
    let mut folders = vec![cache.to_owned()];
    while let Some(folder) = folders.pop() {
        for (path, metadata) in list(&folder)? {
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            kept.files += 1;
            kept.bytes = kept.bytes.saturating_add(metadata.len());
            let modified = metadata.modified().ok();
            let recent = |since| modified.is_some_and(|modified| modified >= since);
            // Somebody may be writing it.
            let busy = folder == partial && SystemTime::now().checked_sub(USE_NOTED_EVERY).is_some_and(recent);
            if busy || since.is_some_and(recent) {
                continue;
            }
            if remove {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&path)(error)),
                    _ => {}
                }
            }
            kept.pruned_files += 1;
            kept.pruned_bytes = kept.pruned_bytes.saturating_add(metadata.len());
        }
    }
    Ok(kept)
}

/// Returns what lies in a folder. What goes meanwhile is left out.
fn list(folder: &Path) -> Result<Vec<(PathBuf, Metadata)>, FetchError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed(folder))?;
        match entry.metadata() {
            Ok(metadata) => found.push((entry.path(), metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&entry.path())(error)),
        }
    }
    Ok(found)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    move |source| FetchError::File { path: path.to_owned(), source }
}

/// Notes that an answer is in use, where that was not noted lately.
pub(crate) fn note_use(path: &Path, metadata: &Metadata) {
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    if age.is_some_and(|age| age >= USE_NOTED_EVERY) {
        // Where this cannot be noted, as in a cache that may only be read, nothing can be pruned either.
        let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}
