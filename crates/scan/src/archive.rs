use crate::DatabaseError;
use crate::feed;
use crate::folder::{bounded, is_record, plain};
use crate::reading::Reading;
use crate::stream::Stream;
use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipResult;

/// Largest archive, in bytes, as it lies and decompressed.
const ARCHIVE_LIMIT: u64 = 1 << 30;
/// What the last record of a zip archive begins with, and the length of the rest of it, without its comment, in bytes (APPNOTE.TXT 4.3.16).
const END_RECORD: &[u8; 4] = b"PK\x05\x06";
const END_RECORD_REST: u64 = 18;
/// Longest note behind an entry, of its sum and sizes, in bytes (APPNOTE.TXT 4.3.9).
const DESCRIPTOR_LIMIT: u64 = 24;
/// Ends of the names of archives.
const ENDS: [&str; 5] = [".zip", ".tar", ".tar.gz", ".tar.xz", ".tar.zst"];

/// Returns whether a file is an archive, by its name.
pub(crate) fn is_archive(name: &str) -> bool {
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Reads all records of an archive, and of archives in it. Nothing is unpacked, so it does not matter where its paths lead; links are passed over.
pub(crate) fn read(path: &Path, reading: &mut Reading) -> Result<(), DatabaseError> {
    let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > ARCHIVE_LIMIT {
        return Err(DatabaseError::Size { path: path.to_owned(), limit: ARCHIVE_LIMIT });
    }
    Archive { path, is_inner: false, names: HashSet::new() }.read(file, reading)
}

/// Returns whether a file is one zip archive from its first byte to its last. Readers look for the list of entries from the end on: of
/// two archives, one behind the other, they see the second alone.
fn is_whole(archive: &mut ZipArchive<BufReader<&File>>, file: &File) -> ZipResult<bool> {
    let comment = archive.comment().len() as u64;
    let Some(end) = file.metadata()?.len().checked_sub(END_RECORD.len() as u64 + END_RECORD_REST + comment) else {
        return Ok(false);
    };
    let mut found = [0; END_RECORD.len()];
    file.read_exact_at(&mut found, end)?;
    Ok(archive.offset() == 0 && found == *END_RECORD && is_full(archive)?)
}

/// Returns whether nothing but its entries lies before the list of them: what is between them is another archive's, or was taken off the list.
fn is_full(archive: &mut ZipArchive<BufReader<&File>>) -> ZipResult<bool> {
    let mut stretches = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index)?;
        let start = entry.header_start();
        stretches.push((start, entry.data_start().unwrap_or(start).saturating_add(entry.compressed_size())));
    }
    stretches.sort_unstable();
    let starts = stretches.iter().map(|(start, _)| *start).chain([archive.central_directory_start()]);
    let ends = stretches.iter().map(|(_, end)| *end);
    let first = starts.clone().next();
    Ok(first == Some(0)
        && ends.zip(starts.skip(1)).all(|(end, start)| (end..=end.saturating_add(DESCRIPTOR_LIMIT)).contains(&start)))
}

/// An archive that is being read.
struct Archive<'a> {
    path: &'a Path,
    /// Whether it lies in another one.
    is_inner: bool,
    /// Names of records so far.
    names: HashSet<String>,
}

impl Archive<'_> {
    fn read(self, file: File, reading: &mut Reading) -> Result<(), DatabaseError> {
        if self.path.to_string_lossy().ends_with(".zip") {
            self.read_zip(file, reading)
        } else {
            self.read_tar(file, reading)
        }
    }

    fn read_zip(mut self, file: File, reading: &mut Reading) -> Result<(), DatabaseError> {
        let mut archive = ZipArchive::new(BufReader::new(&file)).map_err(|error| self.damaged(error))?;
        if archive.has_duplicate_names() {
            return Err(DatabaseError::Twice { place: self.place("an entry") });
        }
        if !is_whole(&mut archive, &file).map_err(|error| self.damaged(error))? {
            return Err(DatabaseError::Beside { path: self.path.to_owned() });
        }
        for index in 0..archive.len() {
            let name = archive.name_for_index(index).transpose().map_err(|error| self.damaged(error))?;
            let name = name.unwrap_or_default().into_owned();
            let place = self.place(&name);
            let unread =
                |error: Box<dyn Error + Send + Sync>| DatabaseError::Entry { place: place.clone(), source: error };
            let entry = archive.by_index(index).map_err(|error| unread(error.into()))?;
            let is_file = entry.is_file() && !entry.is_symlink();
            if is_file && is_archive(&name) {
                self.read_inner(&name, entry, reading)?;
                continue;
            }
            if !is_file || !is_record(&name) {
                self.pass_over(&name, entry.is_dir(), 0, reading)?;
                continue;
            }
            let bytes = bounded(&place, BufReader::new(entry))?.map_err(|error| unread(error.into()))?;
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
            let kind = entry.header().entry_type();
            let is_file = matches!(kind, EntryType::Regular | EntryType::Continuous);
            if is_file && is_archive(&name) {
                self.read_inner(&name, entry, reading)?;
                continue;
            }
            if !is_file || !is_record(&name) {
                let is_folder = matches!(kind, EntryType::Directory | EntryType::XGlobalHeader);
                self.pass_over(&name, is_folder, entry.size(), reading)?;
                continue;
            }
            let bytes = bounded(&self.place(&name), BufReader::new(entry))?.map_err(|error| self.damaged(error))?;
            self.record(&name, bytes, reading)?;
        }
        archive.into_inner().finish().map_err(|error| self.damaged(error))
    }

    /// Reads an archive in this one, as the list of all CVE records is published. It is put aside, since lists of entries stand at ends.
    fn read_inner(&mut self, name: &str, entry: impl Read, reading: &mut Reading) -> Result<(), DatabaseError> {
        let place = self.place(name);
        let unread = |source: io::Error| DatabaseError::Entry { place: place.clone(), source: source.into() };
        if self.is_inner {
            return Err(DatabaseError::Nested { place: place.clone() });
        }
        let mut file = tempfile::tempfile().map_err(unread)?;
        let length = io::copy(&mut entry.take(ARCHIVE_LIMIT + 1), &mut file).map_err(unread)?;
        if length > ARCHIVE_LIMIT {
            return Err(DatabaseError::Size { path: place.into(), limit: ARCHIVE_LIMIT });
        }
        reading.count(&place, length)?;
        file.rewind().map_err(unread)?;
        Archive { path: Path::new(&place), is_inner: true, names: HashSet::new() }.read(file, reading)
    }

    /// Notes what is no feed. Nobody misses folders, and what is hidden.
    fn pass_over(&self, name: &str, is_folder: bool, bytes: u64, reading: &mut Reading) -> Result<(), DatabaseError> {
        reading.count(&self.place(name), bytes)?;
        let is_hidden = name.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
        if !is_folder && !is_hidden {
            reading.passed_over += 1;
        }
        Ok(())
    }

    /// Of two records of the same name, readers differ over which counts.
    fn record(&mut self, name: &str, bytes: Vec<u8>, reading: &mut Reading) -> Result<(), DatabaseError> {
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if !self.names.insert(parts.join("/")) {
            return Err(DatabaseError::Twice { place: self.place(name) });
        }
        feed::import(plain(&self.place(name)), &bytes, reading)
    }

    fn place(&self, name: &str) -> String {
        format!("{}: {name}", self.path.display())
    }

    fn damaged(&self, error: impl Error + Send + Sync + 'static) -> DatabaseError {
        DatabaseError::Archive { path: self.path.to_owned(), source: Box::new(error) }
    }
}
