use crate::DatabaseError;
use crate::folder::{Sink, bounded, is_record};
use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use tar::EntryType;
use zip::ZipArchive;

/// Largest archive, in bytes, as it lies and decompressed.
const ARCHIVE_LIMIT: u64 = 1 << 30;
/// Ends of the names of archives.
const ENDS: [&str; 5] = [".zip", ".tar", ".tar.gz", ".tar.xz", ".tar.zst"];

/// Returns whether a file is an archive, by its name.
pub(crate) fn is_archive(name: &str) -> bool {
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Reads all records of an archive. Nothing is unpacked, so it does not matter where its paths lead; links are passed over.
pub(crate) fn read(path: &Path, sink: Sink<'_>) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > ARCHIVE_LIMIT {
        return Err(DatabaseError::Size { path: path.to_owned(), limit: ARCHIVE_LIMIT });
    }
    if path.to_string_lossy().ends_with(".zip") { read_zip(path, file, sink) } else { read_tar(path, sink) }
}

fn read_zip(path: &Path, file: File, sink: Sink<'_>) -> Result<(), DatabaseError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(path, error))?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| damaged(path, error))?;
        let name = entry.name().map_err(|error| damaged(path, error))?.into_owned();
        if !entry.is_file() || entry.is_symlink() || !is_record(&name) {
            continue;
        }
        let place = place(path, &name);
        let bytes = bounded(&place, entry)?.map_err(|error| damaged(path, error))?;
        sink(place, bytes)?;
    }
    Ok(())
}

fn read_tar(path: &Path, sink: Sink<'_>) -> Result<(), DatabaseError> {
    let bytes = fs::read(path).map_err(|source| DatabaseError::Read { path: path.to_owned(), source })?;
    let bytes = consign_package::decompress(&path.to_string_lossy(), &bytes, ARCHIVE_LIMIT);
    let bytes = bytes.map_err(|error| damaged(path, error))?;
    let mut archive = tar::Archive::new(&bytes[..]);
    for entry in archive.entries().map_err(|error| damaged(path, error))? {
        let entry = entry.map_err(|error| damaged(path, error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) || !is_record(&name) {
            continue;
        }
        let place = place(path, &name);
        let bytes = bounded(&place, entry)?.map_err(|error| damaged(path, error))?;
        sink(place, bytes)?;
    }
    Ok(())
}

fn place(path: &Path, name: &str) -> String {
    format!("{}: {name}", path.display())
}

fn damaged(path: &Path, error: impl Error + Send + Sync + 'static) -> DatabaseError {
    DatabaseError::Archive { path: path.to_owned(), source: Box::new(error) }
}
