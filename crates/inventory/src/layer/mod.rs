//! What one layer puts into an image.

mod ahead;
mod entries;
mod file;
mod listed;
mod logged;
mod note;
mod observer;
mod of_image;
mod read;
mod stream;

pub(crate) use entries::{Entries, Item};
pub(crate) use file::FileKind;
pub(crate) use listed::{Listed, kind_text};
pub(crate) use note::Note;
pub use observer::LayerObserver;
pub use of_image::layers;
pub use read::read_layer;

/// What one layer puts into an image, whatever lies below it: its entries, and what its files say of packages. It follows from the
/// bytes of the layer alone, so that it can be kept for all images that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerContents {
    pub(crate) entries: Entries,
    pub(crate) notes: Vec<Note>,
}

/// Length of the number of bytes that the notes take, in bytes.
const LENGTH: usize = 8;

impl LayerContents {
    /// Names the form of what [`LayerContents::to_bytes`] returns, and what cataloguers find: another one is of no use.
    pub const FORMAT: u32 = 1;

    /// Returns it as it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Notes are made of texts and lists of texts, which JSON can hold.
        let notes = serde_json::to_vec(&self.notes).unwrap_or_default();
        let length = (notes.len() as u64).to_le_bytes();
        [&length[..], &notes, self.entries.as_bytes()].concat()
    }

    /// Takes what was kept; `None`: it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let (notes, entries) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let notes: Vec<Note> = serde_json::from_slice(notes).ok()?;
        let entries = Entries::read(entries.to_vec(), notes.len())?;
        Some(Self { entries, notes })
    }
}
