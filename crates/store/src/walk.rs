use crate::StoreError;
use std::fs::{self, Metadata, ReadDir};
use std::io;
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
}

/// What lies in a folder, one after the other: memory does not grow with the folder. What goes while it is listed is left out.
pub(crate) struct Listing {
    folder: PathBuf,
    entries: Option<ReadDir>,
}

impl Listing {
    /// Opens a folder. One that is not there has nothing in it.
    pub(crate) fn of(folder: &Path) -> Result<Self, StoreError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
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
