use super::Reason;
use super::budget::{Budget, HELD};
use super::directory::HEADER;
use super::end::{half, long};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::borrow::Cow;
use std::io::Read as _;

/// How many times larger what is compressed may be, and what is small enough for any.
const RATIO: u64 = 200;
const SMALL: u64 = 1 << 20;
/// Most memory that is taken before there is anything to put there, in bytes.
const FIRST_CAPACITY: u64 = 4 << 20;
const MARK: &[u8] = b"PK\x03\x04";
/// What stands in for a number that does not fit into 4 bytes, and the note that holds it (APPNOTE.TXT 4.5.3).
const WIDE: u64 = 0xffff_ffff;
const WIDE_NOTE: u16 = 1;
/// Methods of compression.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// An entry of a zip archive.
pub(in crate::language) struct Entry<'a> {
    pub(super) archive: &'a [u8],
    pub(in crate::language) name: &'a [u8],
    pub(super) is_encrypted: bool,
    pub(super) method: u16,
    pub(super) sum: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
}

impl<'a> Entry<'a> {
    /// Takes the numbers that do not fit from the notes behind the name; `None` where they are missing.
    pub(super) fn widen(&mut self, mut notes: &[u8]) -> Option<()> {
        let numbers = [&mut self.size, &mut self.compressed, &mut self.offset];
        let mut wide = numbers.into_iter().filter(|number| **number == WIDE).peekable();
        while wide.peek().is_some() {
            let (kind, length) = (half(notes, 0)?, half(notes, 2)?);
            let (mut note, rest) = notes.get(4..)?.split_at_checked(length.into())?;
            if kind == WIDE_NOTE {
                for number in wide {
                    *number = long(note, 0)?;
                    note = note.get(8..)?;
                }
                break;
            }
            notes = rest;
        }
        Some(())
    }

    /// Returns from where to where it lies at least; its header may be longer than the directory tells.
    pub(super) fn stretch(&self) -> (u64, u64) {
        let length = (HEADER as u64 + self.name.len() as u64).saturating_add(self.compressed);
        (self.offset, self.offset.saturating_add(length))
    }

    /// Returns its name, with signs in place of what is no text.
    pub(in crate::language) fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.name)
    }

    /// Returns all of its bytes, within what may be read.
    pub(in crate::language) fn contents(&self, budget: &mut Budget<'_>) -> Result<Cow<'a, [u8]>, Reason> {
        let by_ratio = self.compressed.saturating_mul(RATIO).max(SMALL);
        // What is not compressed lies in memory already.
        let memory = if self.method == STORED { u64::MAX } else { budget.memory() };
        let limit = budget.bytes().min(by_ratio).min(memory);
        let contents = self.start(limit.saturating_add(1), budget)?;
        match contents.len() as u64 > limit {
            false => Ok(contents),
            true if limit == memory && memory < by_ratio => Err(Reason::Memory(HELD)),
            true => Err(Reason::Ratio(RATIO)),
        }
    }

    /// Returns its first bytes, as many as `limit`, within what may be read.
    pub(in crate::language) fn start(&self, limit: u64, budget: &mut Budget<'_>) -> Result<Cow<'a, [u8]>, Reason> {
        let bytes = self.bytes()?;
        let contents = match self.method {
            STORED if self.size != self.compressed => {
                return Err(Reason::Damaged("two sizes of what is not compressed"));
            }
            STORED => {
                let length = usize::try_from(limit).unwrap_or(usize::MAX).min(bytes.len());
                Cow::Borrowed(bytes.get(..length).unwrap_or_default())
            }
            DEFLATED => {
                // What the directory states is not believed: a small archive could ask for all memory.
                let likely = self.size.min(limit).min(FIRST_CAPACITY);
                let mut output = Vec::with_capacity(usize::try_from(likely).unwrap_or_default());
                let read = DeflateDecoder::new(bytes).take(limit).read_to_end(&mut output);
                if let Err(error) = read {
                    budget.take_bytes(output.len() as u64)?;
                    return Err(Reason::Compressed(error.kind()));
                }
                Cow::Owned(output)
            }
            method => return Err(Reason::Method(method)),
        };
        budget.take_bytes(contents.len() as u64)?;
        // Where less than asked for is there, that is all of it.
        let mut sum = Crc::new();
        sum.update(&contents);
        let is_whole = (contents.len() as u64) < limit;
        if is_whole && sum.sum() != self.sum {
            Err(Reason::Damaged("its sum is another than stated"))
        } else {
            Ok(contents)
        }
    }

    /// Returns its bytes as they lie.
    fn bytes(&self) -> Result<&'a [u8], Reason> {
        if self.is_encrypted {
            return Err(Reason::Encrypted);
        }
        let lies = || {
            let rest = self.archive.get(usize::try_from(self.offset).ok()?..)?;
            let header = rest.get(..HEADER).filter(|header| header.starts_with(MARK))?;
            let start = HEADER + usize::from(half(header, 26)?) + usize::from(half(header, 28)?);
            rest.get(start..)?.get(..usize::try_from(self.compressed).ok()?)
        };
        lies().ok_or(Reason::Damaged("an entry lies outside of it"))
    }
}
