use crate::records::RECORD_LIMIT;
use crate::{Problem, StoreError};
use consign_oci::Digest;
use serde::de::DeserializeOwned;
use std::fs::{self, File, Metadata, ReadDir};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Something that lies in a folder of the store.
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    /// Of the thing itself: no link is followed.
    pub(crate) metadata: Metadata,
}

impl Entry {
    /// Returns the name, if it is text.
    pub(crate) fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Opens a file; `None` if it has gone meanwhile. Nothing else is opened: a pipe would be waited for, and a link leads anywhere.
    pub(crate) fn open(&self) -> Result<Option<File>, Problem> {
        if !self.metadata.is_file() {
            return Err(Problem::Kind);
        }
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Problem::Unreadable { source }),
        }
    }
}

/// Reads a record.
pub(crate) fn read_record<T: DeserializeOwned>(file: &File) -> Result<T, Problem> {
    let unreadable = |source| Problem::Unreadable { source };
    let size = file.metadata().map_err(unreadable)?.len();
    if size > RECORD_LIMIT {
        return Err(Problem::TooLarge { limit: RECORD_LIMIT, size });
    }
    // As large as the file, so that it is read at once.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(RECORD_LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
    serde_json::from_slice(&bytes).map_err(|source| Problem::Record { source })
}

/// Returns the digest with these hexadecimal digits, if they are as consign writes them.
pub(crate) fn digest(algorithm: &str, hex: &str) -> Option<Digest> {
    format!("{algorithm}:{hex}").parse().ok()
}

/// What lies in a folder, one after the other: memory does not grow with the folder. What goes while it is listed is left out.
pub(crate) struct Listing {
    folder: PathBuf,
    entries: Option<ReadDir>,
}

impl Listing {
    /// Opens a folder. What is not there, or is none, has nothing in it.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => Some(entries),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(source) => return Err(StoreError::Io { action: "list", path: folder.to_owned(), source }),
        };
        Ok(Self { folder: folder.to_owned(), entries })
    }
}

impl Iterator for Listing {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let path = match self.entries.as_mut()?.next()? {
                Ok(entry) => entry.path(),
                Err(source) => return Some(Err(StoreError::Io { action: "list", path: self.folder.clone(), source })),
            };
            match fs::symlink_metadata(&path) {
                Ok(metadata) => return Some(Ok(Entry { path, metadata })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Some(Err(StoreError::Io { action: "look at", path, source })),
            }
        }
    }
}

/// Everything but folders in a folder and those in it.
pub(crate) struct Tree {
    open: Vec<Listing>,
}

impl Tree {
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { open: vec![Listing::of(folder)?] })
    }
}

impl Iterator for Tree {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.open.last_mut()?.next() {
                None => drop(self.open.pop()),
                Some(Ok(entry)) if entry.metadata.is_dir() => match Listing::of(&entry.path) {
                    Ok(listing) => self.open.push(listing),
                    Err(error) => return Some(Err(error)),
                },
                other => return other,
            }
        }
    }
}
