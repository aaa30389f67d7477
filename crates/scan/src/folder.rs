use crate::DatabaseError;
use crate::archive;
use crate::reading::Reading;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Largest record, in bytes. The largest that are published have a few hundred kilobytes.
pub(crate) const RECORD_LIMIT: u64 = 16 << 20;
/// Most folders inside each other.
const DEPTH_LIMIT: usize = 16;

/// Reads all records of a folder or an archive, in any order.
pub(crate) fn read(path: &Path, reading: &mut Reading) -> Result<(), DatabaseError> {
    let metadata = fs::metadata(path).map_err(|source| DatabaseError::Read { path: path.to_owned(), source })?;
    if metadata.is_dir() {
        return read_folder(path, 0, reading);
    }
    if !metadata.is_file() || !archive::is_archive(&path.to_string_lossy()) {
        return Err(DatabaseError::Kind { path: path.to_owned() });
    }
    archive::read(path, reading)
}

/// Links in a folder are not followed.
fn read_folder(path: &Path, depth: usize, reading: &mut Reading) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    if depth > DEPTH_LIMIT {
        return Err(DatabaseError::Depth { path: path.to_owned(), limit: DEPTH_LIMIT });
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name();
        let (path, name) = (entry.path(), name.to_string_lossy());
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            read_folder(&path, depth + 1, reading)?;
        } else if kind.is_file() && is_record(&name) {
            let place = path.display().to_string();
            let file = File::open(&path).map_err(|source| DatabaseError::Read { path: path.clone(), source })?;
            let bytes = bounded(&place, file)?.map_err(|source| DatabaseError::Read { path: path.clone(), source })?;
            reading.record(place, &bytes)?;
        } else if kind.is_file() && archive::is_archive(&name) {
            archive::read(&path, reading)?;
        }
    }
    Ok(())
}

/// Returns whether a file is a record, by its name. Others, such as licences, and all that is hidden, are passed over.
pub(crate) fn is_record(path: &str) -> bool {
    let is_hidden = path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
    !is_hidden && [".json", ".yaml", ".yml"].iter().any(|end| path.ends_with(end))
}

/// Reads a record of at most the size that records have.
pub(crate) fn bounded(place: &str, reader: impl Read) -> Result<std::io::Result<Vec<u8>>, DatabaseError> {
    let mut bytes = Vec::new();
    if let Err(error) = reader.take(RECORD_LIMIT + 1).read_to_end(&mut bytes) {
        return Ok(Err(error));
    }
    if bytes.len() as u64 > RECORD_LIMIT {
        return Err(DatabaseError::RecordSize { place: place.to_owned(), limit: RECORD_LIMIT });
    }
    Ok(Ok(bytes))
}
