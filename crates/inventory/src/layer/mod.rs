//! What one layer puts into an image.

mod ahead;
mod digests;
mod entries;
mod facts;
mod file;
mod flowing;
mod listed;
mod logged;
pub(crate) mod name;
mod note;
mod observer;
mod of_image;
pub(crate) mod owned;
mod read;
mod stream;

use crate::bounded::Bounded;
use crate::{Budget, InventoryError};
use std::collections::BTreeMap;
use std::io::Write;

pub(crate) use digests::FileDigests;
pub(crate) use entries::{Entries, Item};
pub(crate) use facts::{Contents, EXECUTABLE, FileFacts};
pub(crate) use file::FileKind;
pub use flowing::FlowingLayer;
pub(crate) use listed::{Listed, kind_text};
pub(crate) use note::Note;
pub(crate) use observer::{LayerObserver, Lying};
pub use of_image::layers;
pub use read::read_layer;

/// What one layer puts into an image, whatever lies below it: its entries, and what its files say of packages. It follows from the
/// bytes of the layer alone, so that it can be kept for all images that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerContents {
    pub(crate) entries: Entries,
    pub(crate) notes: Vec<Note>,
    /// Digests of the files that show packages to be there, by the numbers of their notes.
    pub(crate) digests: BTreeMap<u32, FileDigests>,
    pub(crate) files: Vec<FileFacts>,
}

/// Length of the number of bytes that notes and facts take, in bytes.
const LENGTH: usize = 8;
/// Largest form that is kept, in bytes.
const SIZE_LIMIT: usize = 128 << 20;

impl LayerContents {
    /// Names the form of what [`LayerContents::to_bytes`] returns, and what cataloguers find: another one is of no use.
    pub const FORMAT: u32 = 7;

    /// Returns it as it is kept. `None`: it is so large that it is read again rather than kept.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Bounded::new(SIZE_LIMIT);
        bytes.write_all(&[0; LENGTH]).ok()?;
        serde_json::to_writer(&mut bytes, &(&self.notes, &self.digests, &self.files)).ok()?;
        let notes = (bytes.len() - LENGTH) as u64;
        bytes.write_all(self.entries.as_bytes()).ok()?;
        let mut bytes = bytes.into_inner();
        bytes.get_mut(..LENGTH)?.copy_from_slice(&notes.to_le_bytes());
        Some(bytes)
    }

    /// Takes what was kept; `None`: it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let (notes, entries) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let (notes, digests, files): (Vec<Note>, _, Vec<FileFacts>) = serde_json::from_slice(notes).ok()?;
        let entries = Entries::read(entries.to_vec(), notes.len(), files.len())?;
        Some(Self { entries, notes, digests, files })
    }

    /// Counts the memory that it takes towards what is kept of an image.
    pub fn count(&self, budget: &Budget) -> Result<(), InventoryError> {
        let notes = self.notes.iter().map(Note::size).sum::<usize>();
        let files = self.files.iter().map(FileFacts::size).sum::<usize>();
        let digests = self.digests.len() * FileDigests::SIZE;
        budget.keep(self.entries.as_bytes().len() + notes + digests + files)
    }
}
