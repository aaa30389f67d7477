use super::facts::{FileFacts, Look, Permissions};
use super::logged::{Joined, LoggedDatabase};
use super::{FileDigests, FileKind, Item, LayerContents, Note, name};
use crate::{Budget, InventoryError};
use consign_oci::layer::{EntryPath, EntryPathError, Member, MemberKind};
use consign_package::language::binary;
use std::io::{self, Read};

/// Longest target of a symbolic link, in bytes (Linux `PATH_MAX`).
const TARGET_LIMIT: usize = 4096;

/// By how many bytes programs, libraries and scripts are told from other files: that of the first line of a script.
const START: u64 = 256;
/// Largest file that is read as a whole though no cataloguer looks at it, in bytes.
const SMALL: u64 = 1 << 20;
/// Most memory that is kept for the next file, in bytes.
const BUFFER_KEPT: usize = 16 << 20;

/// Sees the entries of one layer, and keeps what a [`Catalogue`](crate::Catalogue) needs.
#[derive(Default)]
pub(crate) struct LayerObserver {
    contents: LayerContents,
    /// The file that is looked at. It is used for all, since many are large.
    buffer: Vec<u8>,
    logged: LoggedDatabase,
    /// What a database and its log list together.
    both: Option<Note>,
    /// Digests of the file that was looked at last, if it shows packages to be there.
    digests: Option<FileDigests>,
    budget: Budget,
    /// How much of the entries is counted.
    counted: usize,
}

/// Something that lies in a folder.
pub(crate) enum Lying<'a> {
    Directory,
    /// A link to this target, as written.
    Symlink(&'a [u8]),
    /// A device, a pipe or a socket.
    Special,
    /// A file or folder that cannot be read.
    Unreadable(io::Error),
    File {
        /// Permission bits.
        mode: u32,
        /// In bytes.
        size: u64,
        contents: &'a mut dyn Read,
    },
}

impl LayerObserver {
    /// Makes an observer of a layer of an image that has this budget.
    pub(crate) fn within(budget: &Budget) -> Self {
        Self { budget: budget.clone(), ..Self::default() }
    }

    /// Sees one member of a layer.
    pub(crate) fn member(&mut self, member: Member, contents: &mut impl Read) -> Result<(), InventoryError> {
        let path = plain(&member.path)?;
        let permissions = Permissions { mode: member.mode, uid: member.uid, gid: member.gid };
        let item = match member.kind {
            MemberKind::Directory => Item::Directory,
            MemberKind::Symlink(target) => symlink(&target),
            MemberKind::HardLink(target) => Item::HardLink(plain(&target)?),
            MemberKind::File => {
                let (note, facts) = self.file(&path, permissions, member.size, contents)?;
                self.noted(member.mode, note, facts)?
            }
            // Holes are not contents: what would be read is not what an engine unpacks. It may be a program, whatever its name says.
            MemberKind::SparseFile => {
                let note = FileKind::Binary.unread("it is sparse");
                self.noted(member.mode, Some(note), FileFacts::unread(path.as_str(), permissions))?
            }
            MemberKind::Fifo | MemberKind::Device(_) | MemberKind::Unknown => Item::Other,
        };
        self.push(&path, &item)
    }

    /// Sees something that lies in a folder. What cannot be read is noted as such.
    pub(crate) fn lying(&mut self, path: &EntryPath, lying: Lying<'_>) -> Result<(), InventoryError> {
        let unreadable = |error: io::Error| FileKind::unreadable(FileKind::of(path.as_str()), &error);
        let item = match lying {
            Lying::Directory => Item::Directory,
            Lying::Symlink(target) => symlink(target),
            Lying::Special => Item::Other,
            Lying::Unreadable(error) => self.noted(0, Some(unreadable(error)), None)?,
            Lying::File { mode, size, contents } => {
                // Whose it is matters beside settings alone, and a folder has none.
                let permissions = Permissions { mode, uid: 0, gid: 0 };
                let seen = self.file(path, permissions, size, contents);
                self.budget.check()?;
                let (note, facts) = seen.unwrap_or_else(|error| (Some(unreadable(error)), None));
                self.noted(mode, note, facts)?
            }
        };
        self.push(path, &item)
    }

    /// Returns what the layer puts into an image.
    pub(crate) fn finish(self) -> LayerContents {
        self.contents
    }

    fn push(&mut self, path: &EntryPath, item: &Item) -> Result<(), InventoryError> {
        self.contents.entries.push(path, item);
        let size = self.contents.entries.as_bytes().len();
        self.budget.keep(size - self.counted)?;
        self.counted = size;
        Ok(())
    }

    /// Returns what a file says of packages, and what else is to be known of it.
    fn file(
        &mut self,
        path: &EntryPath,
        permissions: Permissions,
        size: u64,
        contents: &mut dyn Read,
    ) -> io::Result<(Option<Note>, Option<FileFacts>)> {
        self.buffer.clear();
        let by_name = FileKind::of(path.as_str());
        self.logged.begin(path, by_name, &self.budget);
        contents.take(START).read_to_end(&mut self.buffer)?;
        let kind = match by_name {
            _ if binary::is_binary(&self.buffer) => Some(FileKind::of_program(by_name)),
            kind => kind,
        };
        let look = Look::of(path.as_str(), permissions.mode, size, &self.buffer);
        let limit = kind.map_or(SMALL, FileKind::limit);
        if (kind.is_none() && !look.needs_all()) || size > limit {
            let note = kind.map(|kind| kind.unread(&format!("it has more than {limit} bytes")));
            return Ok((note, FileFacts::of(path.as_str(), permissions, look, &self.buffer, false)));
        }
        let _room = kind.and_then(|kind| self.budget.room(kind.room(size)));
        // Grows as bytes come: a size is only a claim.
        contents.read_to_end(&mut self.buffer)?;
        let facts = FileFacts::of(path.as_str(), permissions, look, &self.buffer, true);
        let note = kind.and_then(|kind| self.note(path, kind));
        self.buffer.shrink_to(BUFFER_KEPT);
        Ok((note, facts))
    }

    /// Returns what the file that was read says of packages.
    fn note(&mut self, path: &EntryPath, kind: FileKind) -> Option<Note> {
        let mut note = kind.read(path.as_str(), &self.buffer, &self.budget);
        let number = u32::try_from(self.contents.notes.len()).unwrap_or(u32::MAX);
        if let Some(Joined { database, log, note: both }) = self.logged.see(kind, number, &self.buffer) {
            // It follows the note of this file.
            self.both = Some(both);
            let said = Note::Log(Some((database, number.saturating_add(1))));
            match self.contents.notes.get_mut(log as usize) {
                Some(earlier) => *earlier = said,
                None => note = Some(said),
            }
        }
        self.digests = note.as_ref().filter(|note| note.shows_packages()).map(|_| FileDigests::of(&self.buffer));
        note
    }

    fn noted(&mut self, mode: u32, note: Option<Note>, facts: Option<FileFacts>) -> Result<Item, InventoryError> {
        let LayerContents { notes, files, digests, .. } = &mut self.contents;
        let number = note.as_ref().and_then(|_| u32::try_from(notes.len()).ok());
        if let Some((number, of_file)) = number.zip(self.digests.take()) {
            self.budget.keep(FileDigests::SIZE)?;
            digests.insert(number, of_file);
        }
        for note in note.into_iter().chain(self.both.take()) {
            self.budget.keep(note.size())?;
            notes.push(note);
        }
        let of_file = facts.as_ref().and_then(|_| u32::try_from(files.len()).ok());
        if let Some(facts) = facts {
            self.budget.keep(facts.size())?;
            files.push(facts);
        }
        Ok(Item::File { mode, note: number, facts: of_file })
    }
}

/// A link that is too long leads nowhere.
fn symlink(target: &[u8]) -> Item {
    if target.len() <= TARGET_LIMIT { Item::Symlink(name::text(target).into_owned()) } else { Item::Other }
}

fn plain(path: &[u8]) -> Result<EntryPath, EntryPathError> {
    name::text(path).parse()
}
