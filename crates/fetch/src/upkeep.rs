use crate::FetchError;
use crate::cache::PARTIAL_PREFIX;
use consign_oci::Digest;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How exactly it is known when an answer was used last: one that is used is written to at most this often.
const USE_NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// The folders that files lie in.
const FOLDERS: [&str; 5] = ["named", "absent", "exact/sha256", "exact/sha512", PARTIAL];
const PARTIAL: &str = "partial";

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
/// Whoever needs it downloads it again. Others may use the folder meanwhile. What has another name than the cache gives is neither counted nor
/// removed: it may be dear to somebody.
pub fn prune(cache: &Path, since: Option<SystemTime>, remove: bool) -> Result<Kept, FetchError> {
    let since = since.map(|since| since.checked_sub(USE_NOTED_EVERY).unwrap_or(SystemTime::UNIX_EPOCH));
    let abandoned = SystemTime::now().checked_sub(USE_NOTED_EVERY);
    let mut kept = Kept::default();
    for folder in FOLDERS {
        let is_recent = |modified| since.is_some_and(|since| modified >= since);
        // Somebody may be writing it.
        let is_busy = |modified| folder == PARTIAL && abandoned.is_some_and(|abandoned| modified >= abandoned);
        for (path, metadata) in list(&cache.join(folder), |name| is_ours(folder, name))? {
            kept.files += 1;
            kept.bytes = kept.bytes.saturating_add(metadata.len());
            if metadata.modified().is_ok_and(|modified| is_recent(modified) || is_busy(modified)) {
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

/// Returns whether the cache gives such a name to a file in one of the folders.
fn is_ours(folder: &str, name: &str) -> bool {
    let is_digest = |algorithm| format!("{algorithm}:{name}").parse::<Digest>().is_ok();
    match folder {
        PARTIAL => name.starts_with(PARTIAL_PREFIX),
        "exact/sha512" => is_digest("sha512"),
        _ => is_digest("sha256"),
    }
}

/// Returns the files in a folder whose names are `ours`. What goes meanwhile is left out.
fn list(folder: &Path, ours: impl Fn(&str) -> bool) -> Result<Vec<(PathBuf, Metadata)>, FetchError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed(folder))?;
        if !entry.file_name().to_str().is_some_and(&ours) {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => found.push((entry.path(), metadata)),
            Ok(_) => {}
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
