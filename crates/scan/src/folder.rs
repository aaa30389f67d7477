use crate::DatabaseError;
use crate::archive;
use crate::feed;
use crate::format::is_database;
use crate::reading::Reading;
use crate::stream::decompressed;
use std::collections::HashSet;
use std::fs::{self, File, FileType};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Largest record, in bytes. The largest that are published have a few hundred kilobytes.
pub(crate) const RECORD_LIMIT: u64 = 16 << 20;
/// Largest feed in one file, in bytes. That of Debian's tracker has some eighty megabytes, the NVD's of a year two hundred.
const BULK_LIMIT: u64 = 512 << 20;
/// Most folders inside each other.
const DEPTH_LIMIT: usize = 16;

/// Reads all records of a folder or an archive, in any order.
pub(crate) fn read(path: &Path, reading: &mut Reading) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        let root = fs::canonicalize(path).map_err(failed)?;
        return Folder { root, seen: HashSet::new() }.read(path, 0, reading);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if metadata.is_file() && archive::is_archive(&name) {
        return archive::read(path, reading);
    }
    if is_database(path) {
        return Err(DatabaseError::Mixed { path: path.to_owned() });
    }
    if !metadata.is_file() || !is_record(&name) {
        return Err(DatabaseError::Kind { path: path.to_owned() });
    }
    read_file(path, reading)
}

/// A folder that is being read.
struct Folder {
    /// Where it lies, without links: these may not lead out of it.
    root: PathBuf,
    /// The folders so far, without links, so that none is read again.
    seen: HashSet<PathBuf>,
}

impl Folder {
    fn read(&mut self, path: &Path, depth: usize, reading: &mut Reading) -> Result<(), DatabaseError> {
        let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
        if depth > DEPTH_LIMIT {
            return Err(DatabaseError::Depth { path: path.to_owned(), limit: DEPTH_LIMIT });
        }
        if !self.seen.insert(fs::canonicalize(path).map_err(failed)?) {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            self.read_entry(&entry.path(), kind, depth, reading)?;
        }
        Ok(())
    }

    fn read_entry(
        &mut self,
        path: &Path,
        mut kind: FileType,
        depth: usize,
        reading: &mut Reading,
    ) -> Result<(), DatabaseError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_feed = is_record(&name) || archive::is_archive(&name);
        if kind.is_symlink() {
            kind = match self.target(path) {
                Some(target) => target,
                // Where it leads to a feed, or to a folder of such, these would be missed.
                None if is_feed || path.is_dir() => return Err(DatabaseError::Link { path: path.to_owned() }),
                None => return reading.pass_over(&path.display().to_string()),
            };
        }
        match () {
            () if kind.is_dir() => self.read(path, depth + 1, reading),
            () if kind.is_file() && is_record(&name) => read_file(path, reading),
            () if kind.is_file() && is_feed => archive::read(path, reading),
            () if kind.is_file() && is_database(path) => Err(DatabaseError::Mixed { path: path.to_owned() }),
            () => reading.pass_over(&path.display().to_string()),
        }
    }

    /// Returns what a link leads to; `None`: to nothing, or out of the folder.
    fn target(&self, link: &Path) -> Option<FileType> {
        let target = fs::canonicalize(link).ok().filter(|target| target.starts_with(&self.root))?;
        Some(fs::metadata(target).ok()?.file_type())
    }
}

/// Reads a file that is a feed, or a record of one.
fn read_file(path: &Path, reading: &mut Reading) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    let place = path.display().to_string();
    let file = BufReader::new(File::open(path).map_err(failed)?);
    let bytes = bounded(&place, file)?.map_err(failed)?;
    feed::import(plain(&place), &bytes, reading)
}

/// Returns the name of a file without the end that says how it is compressed.
pub(crate) fn plain(name: &str) -> &str {
    let ends = [".gz", ".xz", ".zst"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Returns whether a file is a record, by its name. Others, such as licences, and all that is hidden, are passed over.
pub(crate) fn is_record(path: &str) -> bool {
    let is_hidden = path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
    !is_hidden && [".json", ".yaml", ".yml", ".csv"].iter().any(|end| plain(path).ends_with(end))
}

/// Reads a file of at most the size that records have, or large feeds, decompressed as the end of its name says.
pub(crate) fn bounded(place: &str, reader: impl BufRead) -> Result<std::io::Result<Vec<u8>>, DatabaseError> {
    let mut bytes = Vec::new();
    let mut reader = match decompressed(place, reader) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error)),
    };
    for limit in [RECORD_LIMIT, BULK_LIMIT] {
        let room = (limit + 1).saturating_sub(bytes.len() as u64);
        if let Err(error) = reader.by_ref().take(room).read_to_end(&mut bytes) {
            return Ok(Err(error));
        }
        match bytes.len() as u64 > limit {
            false => return Ok(Ok(bytes)),
            true if limit == RECORD_LIMIT && feed::is_bulk(&bytes) => {}
            true => return Err(DatabaseError::RecordSize { place: place.to_owned(), limit }),
        }
    }
    Ok(Ok(bytes))
}
