use crate::format::DatabaseFile;
use crate::reading::Reading;
use crate::{Database, DatabaseError, Staged, folder, writing};
use jiff::Timestamp;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where feeds lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSource {
    /// A folder, an archive or a file.
    pub path: PathBuf,
    /// What stands in messages in place of the path; `None`: the path itself.
    pub name: Option<String>,
}

/// A database that was made of feeds, as the bytes that its file has.
pub struct Built {
    bytes: Vec<u8>,
    passed_over: u64,
}

impl Built {
    /// Makes a database of folders, archives and single files. The same records give the same bytes, in whatever order, form and folders
    /// they lie, and whatever the time. Each path has to bring something. `published`: when feeds were published that do not say so themselves.
    pub fn of<P: AsRef<Path>>(paths: &[P], published: Option<Timestamp>) -> Result<Self, DatabaseError> {
        let sources: Vec<FeedSource> =
            paths.iter().map(|path| FeedSource { path: path.as_ref().to_owned(), name: None }).collect();
        Self::of_sources(&sources, published)
    }

    /// Does the same, and calls feeds in errors as they are called.
    pub fn of_sources(sources: &[FeedSource], published: Option<Timestamp>) -> Result<Self, DatabaseError> {
        let mut reading = Reading::new(published);
        for FeedSource { path, name } in sources {
            reading.begin_path();
            let read = folder::read(path, &mut reading).and_then(|()| reading.end_path(path));
            read.map_err(|error| match name {
                Some(name) => error.renamed(path, name),
                None => error,
            })?;
        }
        if sources.is_empty() {
            return Err(DatabaseError::Empty { paths: Vec::new() });
        }
        let passed_over = reading.passed_over;
        let bytes = writing::written(reading).map_err(|source| DatabaseError::Compress { source })?;
        Ok(Self { bytes, passed_over })
    }

    /// Returns how many files were passed over, since their names are of no feeds.
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), DatabaseError> {
        let mut staged = Staged::beside(path)?;
        staged.write(&self.bytes)?;
        staged.install()
    }

    /// Opens it, without a file.
    pub fn open(self, now: Timestamp) -> Result<Database, DatabaseError> {
        Database::of(DatabaseFile::of_memory(self.bytes)?, now)
    }
}

impl fmt::Debug for Built {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a database of {} bytes", self.bytes.len())
    }
}
