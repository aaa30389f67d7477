use crate::StoreError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// What the names of files begin with that are being written.
pub(crate) const PARTIAL_PREFIX: &str = ".tmp";

/// Replaces the file at `path` by one with these bytes: a reader sees the old file or the new one, and after a crash there is one of them.
///
/// `partial` is a folder on the same file system, where the new file is written.
pub fn write_file(partial: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = new_file(partial).map_err(StoreError::io("make a file in", partial))?;
    file.write_all(bytes).map_err(StoreError::io("write to", file.path()))?;
    persist(file, path)
}

/// Makes a file that is to be written and moved to its place.
pub(crate) fn new_file(partial: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(partial)
}

/// Flushes a finished file to the disk and moves it to its place.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<(), StoreError> {
    file.as_file().sync_all().map_err(StoreError::io("flush", file.path()))?;
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    file.persist(path).map_err(|error| StoreError::Io {
        action: "write",
        path: path.to_owned(),
        source: error.error,
    })?;
    // The rename itself is durable only once the folder is flushed.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("flush the folder", folder))
}
