use crate::{Store, StoreError, atomic};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Largest record, in bytes, as it is written and as it is read: room for the choice of 12,000 packages for each of fourteen architectures.
pub(crate) const RECORD_LIMIT: u64 = 64 << 20;
/// How exactly it is known when a record was used last: one that is used is written to at most this often.
pub(crate) const USE_NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

impl Store {
    pub(crate) fn put_record(&self, path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(record).map_err(|source| StoreError::Record { path: path.to_owned(), source })?;
        let (size, limit) = (bytes.len() as u64, RECORD_LIMIT);
        if size > limit {
            return Err(StoreError::RecordTooLarge { path: path.to_owned(), size, limit });
        }
        atomic::write_file(&self.partial(), path, &bytes)
    }

    /// Reads a record. One that is larger than any that is written is none.
    pub(crate) fn record<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<Record<T>>, StoreError> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) if metadata.len() <= RECORD_LIMIT => metadata,
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { action: "read", path: path.to_owned(), source }),
        };
        let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
        let value =
            serde_json::from_slice(&bytes).map_err(|source| StoreError::Record { path: path.to_owned(), source })?;
        Ok(Some(Record { value, metadata }))
    }
}

/// What a small file says.
pub(crate) struct Record<T> {
    pub(crate) value: T,
    metadata: Metadata,
}

impl<T> Record<T> {
    /// Notes that the record at `path` is in use, where that was not noted lately, and returns what it says.
    pub(crate) fn used(self, path: &Path) -> T {
        note_use(path, &self.metadata);
        self.value
    }
}

/// Notes that the file at `path` is in use, where that was not noted lately.
pub(crate) fn note_use(path: &Path, metadata: &Metadata) {
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    if age.is_some_and(|age| age >= USE_NOTED_EVERY) {
        // Where this cannot be noted, as in a store that may only be read, nothing can be pruned either.
        let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}
