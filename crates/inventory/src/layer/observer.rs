use super::logged::LoggedDatabases;
use super::{FileKind, Item, LayerContents, Note};
use crate::InventoryError;
use consign_oci::layer::{Entry, EntryPath, Kind, Member, MemberKind};
use consign_package::language::binary;
use std::io::{self, Read};

/// Most memory that the notes of a layer may take, in bytes.
const NOTES_LIMIT: usize = 512 << 20;
/// Longest target of a symbolic link, in bytes (Linux `PATH_MAX`).
const TARGET_LIMIT: usize = 4096;

/// By how many bytes a program or library is told from other files.
const START: u64 = 8;
/// Most memory that is kept for the next file, in bytes.
const BUFFER_KEPT: usize = 16 << 20;

/// Sees the entries of one layer, and keeps what a [`Catalogue`](crate::Catalogue) needs.
#[derive(Default)]
pub struct LayerObserver {
    contents: LayerContents,
    notes_size: usize,
    /// The file that is looked at. It is used for all, since many are large.
    buffer: Vec<u8>,
    logged: LoggedDatabases,
}

impl LayerObserver {
    /// Makes an observer of a layer with no entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees one entry, as it flows from a builder.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), InventoryError> {
        let item = match &entry.kind {
            Kind::Directory => Item::Directory,
            Kind::Symlink(target) => symlink(target.clone()),
            Kind::HardLink(target) => Item::HardLink(target.clone()),
            Kind::File(contents) => {
                let unread = |source: io::Error| InventoryError::Contents { path: entry.path.clone(), source };
                let mut reader = contents.reader().map_err(|error| unread(error.into()))?;
                let note = self.file(&entry.path, contents.size(), &mut reader).map_err(unread)?;
                self.noted(entry.mode, note)?
            }
            Kind::Fifo | Kind::Device(_) => Item::Other,
        };
        self.contents.entries.push(&entry.path, &item);
        Ok(())
    }

    /// Sees one member of a layer as it lies.
    pub(crate) fn member(&mut self, member: Member, contents: &mut impl Read) -> Result<(), InventoryError> {
        let path: EntryPath = text(&member.path).parse()?;
        let item = match member.kind {
            MemberKind::Directory => Item::Directory,
            MemberKind::Symlink(target) => symlink(text(&target)),
            MemberKind::HardLink(target) => Item::HardLink(text(&target).parse()?),
            MemberKind::File => {
                let note = self.file(&path, member.size, contents)?;
                self.noted(member.mode, note)?
            }
            // Holes are not contents: what would be read is not what an engine unpacks.
            MemberKind::SparseFile => {
                let note = FileKind::of(path.as_str()).map(|_| Note::Unread);
                self.noted(member.mode, note)?
            }
            MemberKind::Fifo | MemberKind::Device(_) | MemberKind::Unknown => Item::Other,
        };
        self.contents.entries.push(&path, &item);
        Ok(())
    }

    /// Returns what the layer puts into an image.
    pub fn finish(mut self) -> LayerContents {
        self.logged.join(&mut self.contents.notes);
        self.contents
    }

    fn file(&mut self, path: &EntryPath, size: u64, contents: &mut dyn Read) -> io::Result<Option<Note>> {
        self.buffer.clear();
        let kind = match FileKind::of(path.as_str()) {
            Some(kind) => kind,
            None => {
                contents.take(START).read_to_end(&mut self.buffer)?;
                if !binary::is_binary(&self.buffer) {
                    return Ok(None);
                }
                FileKind::Binary
            }
        };
        if size > kind.limit() {
            return Ok(Some(Note::Unread));
        }
        // Grows as bytes come: a size is only a claim.
        contents.read_to_end(&mut self.buffer)?;
        let note = kind.read(path.as_str(), &self.buffer);
        self.logged.see(path, kind, self.contents.notes.len(), &self.buffer);
        self.buffer.shrink_to(BUFFER_KEPT);
        Ok(note)
    }

    fn noted(&mut self, mode: u32, note: Option<Note>) -> Result<Item, InventoryError> {
        let Some(note) = note else { return Ok(Item::File { mode, note: None }) };
        self.notes_size += note.size();
        if self.notes_size > NOTES_LIMIT {
            return Err(InventoryError::Notes { limit: NOTES_LIMIT });
        }
        let number = u32::try_from(self.contents.notes.len()).ok();
        self.contents.notes.push(note);
        Ok(Item::File { mode, note: number })
    }
}

/// A link that is too long leads nowhere.
fn symlink(target: String) -> Item {
    if target.len() <= TARGET_LIMIT { Item::Symlink(target) } else { Item::Other }
}

/// Returns a name as text. What is not UTF-8 is replaced: no path that is looked for has it.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\n', "\u{FFFD}")
}
