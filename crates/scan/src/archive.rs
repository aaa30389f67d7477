use crate::DatabaseError;
use crate::folder::{bounded, is_record};
use crate::reading::Reading;
use crate::stream::Stream;
use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
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
pub(crate) fn read(path: &Path, reading: &mut Reading) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > ARCHIVE_LIMIT {
        return Err(DatabaseError::Size { path: path.to_owned(), limit: ARCHIVE_LIMIT });
    }
    let archive = Archive { path, names: HashSet::new() };
    if path.to_string_lossy().ends_with(".zip") {
        archive.read_zip(file, reading)
    } else {
        archive.read_tar(file, reading)
    }
}

/// An archive that is being read.
struct Archive<'a> {
    path: &'a Path,
    /// Names of records so far.
    names: HashSet<String>,
}

impl Archive<'_> {
    fn read_zip(mut self, file: File, reading: &mut Reading) -> Result<(), DatabaseError> {
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| self.damaged(error))?;
        if archive.has_duplicate_names() {
            return Err(DatabaseError::Twice { place: self.place("an entry") });
        }
        for index in 0..archive.len() {
            let name = archive.name_for_index(index).transpose().map_err(|error| self.damaged(error))?;
            let name = name.unwrap_or_default().into_owned();
            let place = self.place(&name);
            let unread =
                |error: Box<dyn Error + Send + Sync>| DatabaseError::Entry { place: place.clone(), source: error };
            let entry = archive.by_index(index).map_err(|error| unread(error.into()))?;
            if !entry.is_file() || entry.is_symlink() || !is_record(&name) {
                reading.count(&place, 0)?;
                continue;
            }
            let bytes = bounded(&place, entry)?.map_err(|error| unread(error.into()))?;
            self.record(&name, bytes, reading)?;
        }
        Ok(())
    }

    fn read_tar(mut self, file: File, reading: &mut Reading) -> Result<(), DatabaseError> {
        let stream = Stream::new(&self.path.to_string_lossy(), BufReader::new(file), ARCHIVE_LIMIT);
        let mut archive = tar::Archive::new(stream.map_err(|error| self.damaged(error))?);
        for entry in archive.entries().map_err(|error| self.damaged(error))? {
            let entry = entry.map_err(|error| self.damaged(error))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) || !is_record(&name) {
                reading.count(&self.place(&name), entry.size())?;
                continue;
            }
            let bytes = bounded(&self.place(&name), entry)?.map_err(|error| self.damaged(error))?;
            self.record(&name, bytes, reading)?;
        }
        archive.into_inner().finish().map_err(|error| self.damaged(error))
    }

    /// Of two records of the same name, readers differ over which counts.
    fn record(&mut self, name: &str, bytes: Vec<u8>, reading: &mut Reading) -> Result<(), DatabaseError> {
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if !self.names.insert(parts.join("/")) {
            return Err(DatabaseError::Twice { place: self.place(name) });
        }
        reading.record(self.place(name), &bytes)
    }

    fn place(&self, name: &str) -> String {
        format!("{}: {name}", self.path.display())
    }

    fn damaged(&self, error: impl Error + Send + Sync + 'static) -> DatabaseError {
        DatabaseError::Archive { path: self.path.to_owned(), source: Box::new(error) }
    }
}
