//! What lies in a folder: the root file system of an image, of a machine, or what is to become one.

mod kernel;
mod machine;
mod open;
mod walk;

use crate::layer::{LayerObserver, Lying, name};
use crate::{Budget, Catalogue, InventoryError, Observer};
use consign_oci::layer::EntryPath;
use consign_oci::{Digest, Platform};
use machine::Machines;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use walk::{Found, Walk};

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// What was found.
    pub catalogue: Catalogue,
    /// Digest of what was found, by which the folder is named. The same files, wherever they lie, have the same.
    pub digest: Digest,
    /// What most of its packages, else most of its programs are made for; `None`: it has none that say so.
    pub platform: Option<Platform>,
}

impl Folder {
    /// Lists what is in a folder, as an image of one layer would have it. The folder is `/` to the links in it, and none is followed that leads out of it.
    /// Devices, pipes and sockets are nothing; file systems that a kernel makes up are not entered. What cannot be read is listed as such.
    pub fn read(path: &Path, budget: &Budget) -> Result<Self, InventoryError> {
        let mut observer = LayerObserver::within(budget);
        let mut machines = Machines::default();
        let mut walk = Walk::start(path).map_err(|source| InventoryError::Folder { path: path.to_owned(), source })?;
        while let Some((at, found)) = walk.next(budget)? {
            let path: EntryPath = at.parse()?;
            match found {
                Found::Directory => observer.lying(&path, Lying::Directory)?,
                Found::Symlink(target) => observer.lying(&path, Lying::Symlink(&target))?,
                Found::Special => observer.lying(&path, Lying::Special)?,
                Found::Unreadable(error) => observer.lying(&path, Lying::Unreadable(error))?,
                Found::File(file, metadata) => {
                    if metadata.mode() & 0o111 != 0 {
                        let mut start = [0; machine::START];
                        // What cannot be read here is noted below.
                        let _ = file.read_exact_at(&mut start, 0);
                        machines.add(&start);
                    }
                    let (mode, size) = (metadata.mode() & 0o7777, metadata.len());
                    // One that grows meanwhile is read as it was.
                    let contents = &mut Counted { inner: file.take(size), budget };
                    observer.lying(&path, Lying::File { mode, size, contents })?;
                }
            }
        }
        let mut whole = Observer::new();
        whole.add(Arc::new(observer.finish()))?;
        let catalogue = whole.finish()?;
        let digest = catalogue.digest().map_err(|error| InventoryError::Read { source: error.into() })?;
        let platform = catalogue.platform().or_else(|| machines.platform());
        Ok(Self { catalogue, digest, platform })
    }
}

/// Counts what is read.
struct Counted<'a, R> {
    inner: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        // It takes on the disk what it holds.
        self.budget.store(length as u64);
        if self.budget.take(length as u64) { Ok(length) } else { Err(io::ErrorKind::FileTooLarge.into()) }
    }
}

/// Returns the path of something that lies in a folder, as text.
fn join(folder: &str, file: &[u8]) -> String {
    let file = name::of_file(file);
    if folder.is_empty() { file.into_owned() } else { format!("{folder}/{file}") }
}
