use crate::format::DatabaseFile;
use crate::reading::Reading;
use crate::{Database, DatabaseError, Staged, folder, writing};
use jiff::Timestamp;
use std::fmt;
use std::path::Path;

/// A database that was made of feeds, as the bytes that its file has.
pub struct Built {
    bytes: Vec<u8>,
    passed_over: u64,
}

impl Built {
    /// Makes a database of folders, archives and single files. The same records give the same bytes, in whatever order, form and folders
    /// they lie, and whatever the time. Each path has to bring something. `published`: when feeds were published that do not say so themselves.
    pub fn of<P: AsRef<Path>>(paths: &[P], published: Option<Timestamp>) -> Result<Self, DatabaseError> {
        let mut reading = Reading::new(published);
        for path in paths {
            reading.begin_path();
            folder::read(path.as_ref(), &mut reading)?;
            reading.end_path(path.as_ref())?;
        }
        if paths.is_empty() {
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
