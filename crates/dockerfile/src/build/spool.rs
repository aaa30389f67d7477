use super::StepError;
use crate::files::{FileNode, FilesError, Lies, open};
use bytes::Bytes;
use consign_oci::layer::{Contents, Layer, Members, OnDisk};
use consign_store::{Scratch, Store};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Files that were taken out of layers, until they are in another.
#[derive(Default)]
pub(crate) struct Spool {
    folder: Option<Scratch>,
}

impl Spool {
    /// Takes files out of layers; each layer is read once.
    pub(crate) fn fill(files: &[&FileNode], layers: &[Layer], store: &Store) -> Result<Self, StepError> {
        let mut wanted: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for file in files {
            if let Lies::InLayer { layer, member, .. } = file.lies {
                wanted.entry(layer).or_default().insert(member);
            }
        }
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let folder = store.scratch()?;
        for (place, members) in wanted {
            if let Some(layer) = layers.get(place) {
                take(layer, place, &members, store, folder.path())?;
            }
        }
        Ok(Self { folder: Some(folder) })
    }

    /// Returns what is in one file of a layer, if that is at most so many bytes.
    pub(crate) fn read(file: &FileNode, layers: &[Layer], store: &Store, limit: u64) -> Result<Bytes, StepError> {
        let read = Self::fill(&[file], layers, store)?.contents(file)?.read(limit);
        read.map_err(|source| StepError::Read { source })
    }

    /// Returns what is in a file that lies in a layer. It is what it was when the layer was listed, or there is an error when it is read.
    pub(crate) fn contents(&self, file: &FileNode) -> Result<Contents, StepError> {
        let Lies::InLayer { layer, member, digest } = file.lies else { return Ok(Contents::default()) };
        let folder = self.folder.as_ref().map(Scratch::path).unwrap_or(Path::new(""));
        let on_disk = OnDisk { path: path(folder, layer, member), size: file.size, digest: digest.into() };
        Ok(on_disk.into())
    }
}

fn path(folder: &Path, layer: usize, member: usize) -> PathBuf {
    folder.join(format!("{layer}-{member}"))
}

fn take(layer: &Layer, place: usize, wanted: &BTreeSet<usize>, store: &Store, folder: &Path) -> Result<(), StepError> {
    let digest = &layer.descriptor.digest;
    let unreadable = |source| FilesError::Layer { digest: digest.clone(), source };
    let bytes = Cell::new(0);
    let mut members = Members::new(open(layer, store, &bytes)?);
    let last = wanted.last().copied().unwrap_or_default();
    for member in 0..=last {
        if members.next_member().map_err(unreadable)?.is_none() {
            break;
        }
        if wanted.contains(&member) {
            let mut write = || -> io::Result<u64> {
                let mut file = File::create_new(path(folder, place, member))?;
                io::copy(&mut members, &mut file)
            };
            write().map_err(|source| FilesError::Spool { digest: digest.clone(), source })?;
        }
    }
    Ok(())
}
