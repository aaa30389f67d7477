//! The form that an index has in memory, and in which it is kept: tables by which packages are found, and their paragraphs in small compressed
//! blocks, of which only those are read that are asked for; a large paragraph has a block of its own. Numbers are `u32`, little-endian.
//!
//! ```text
//! MAGIC
//! counts    of packages, names, provided names, numbers, blocks; length of the strings in bytes
//! packages  { block, start in the block, length, line }…
//! names     { start in the strings, length, first of its numbers, count }…, sorted
//! provided  likewise
//! numbers   of packages…
//! blocks    { start in the data, length, length when decompressed }…
//! strings, data
//! ```

use std::ops::Range;

/// What the form begins with. Change it when the form changes, or what is read from an index.
pub(super) const MAGIC: &[u8] = b"consign packages 1\n";
/// Largest block when decompressed, in bytes: the largest paragraph, and some more.
const BLOCK_LIMIT: u32 = 33 << 20;

/// Which of the two tables of names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    /// By the field Package.
    Names,
    /// By the field Provides.
    Provided,
}

/// A paragraph, and the number of its first line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) line: usize,
    pub(super) text: String,
}

/// An index that is read by its tables.
#[derive(Debug)]
pub(super) struct Form {
    bytes: Vec<u8>,
    packages: Range<usize>,
    names: Range<usize>,
    provided: Range<usize>,
    numbers: Range<usize>,
    blocks: Range<usize>,
    strings: Range<usize>,
    data: Range<usize>,
}

impl Form {
    /// Takes bytes in this form; `None` if they are in another, or cut off.
    pub(super) fn read(bytes: Vec<u8>) -> Option<Self> {
        let mut end = MAGIC.len();
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let mut section = |count: u32, width: usize| {
            let start = end;
            end = usize::try_from(count).ok()?.checked_mul(width)?.checked_add(start)?;
            (end <= bytes.len()).then_some(start..end)
        };
        let counts = section(6, 4)?;
        let count = |place: usize| number(&bytes, counts.start + 4 * place);
        Some(Self {
            packages: section(count(0)?, 16)?,
            names: section(count(1)?, 16)?,
            provided: section(count(2)?, 16)?,
            numbers: section(count(3)?, 4)?,
            blocks: section(count(4)?, 12)?,
            strings: section(count(5)?, 1)?,
            data: end..bytes.len(),
            bytes,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the number of packages.
    pub(super) fn len(&self) -> usize {
        self.packages.len() / 16
    }

    /// Returns all names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let name = |place| {
            let [start, length, ..] = self.row(&self.names, place)?;
            std::str::from_utf8(self.part(&self.strings, start, length)?).ok()
        };
        (0..self.names.len() / 16).filter_map(name)
    }

    /// Returns the paragraphs of a name, in the order written; `None` if the form is damaged.
    pub(super) fn find(&self, table: Table, name: &str) -> Option<Vec<Found>> {
        let table = match table {
            Table::Names => &self.names,
            Table::Provided => &self.provided,
        };
        let (mut low, mut high) = (0, table.len() / 16);
        while low < high {
            let middle = low + (high - low) / 2;
            let [start, length, first, count] = self.row(table, middle)?;
            match self.part(&self.strings, start, length)?.cmp(name.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let numbers = self.part(&self.numbers, first.checked_mul(4)?, count.checked_mul(4)?)?;
                    let mut open = None;
                    return numbers.chunks_exact(4).map(|bytes| self.package(number(bytes, 0)?, &mut open)).collect();
                }
            }
        }
        Some(Vec::new())
    }

    /// Reads a paragraph. `open` is the block that was read last: those of one name often follow each other.
    fn package(&self, place: u32, open: &mut Option<(u32, Vec<u8>)>) -> Option<Found> {
        let [block, start, length, line] = self.row(&self.packages, usize::try_from(place).ok()?)?;
        let (_, text) = match open.take().filter(|(number, _)| *number == block) {
            Some(same) => open.insert(same),
            None => open.insert((block, self.block(usize::try_from(block).ok()?)?)),
        };
        let start = usize::try_from(start).ok()?;
        let text = text.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
        Some(Found { line: usize::try_from(line).ok()?, text: String::from_utf8(text.to_vec()).ok()? })
    }

    fn block(&self, place: usize) -> Option<Vec<u8>> {
        let at = self.blocks.start.checked_add(place.checked_mul(12)?)?;
        if at >= self.blocks.end {
            return None;
        }
        let [start, length, size] = [0, 4, 8].map(|offset| number(&self.bytes, at + offset));
        let size = size.filter(|size| *size <= BLOCK_LIMIT)?;
        zstd::bulk::decompress(self.part(&self.data, start?, length?)?, usize::try_from(size).ok()?).ok()
    }

    fn row(&self, table: &Range<usize>, place: usize) -> Option<[u32; 4]> {
        let at = table.start.checked_add(place.checked_mul(16)?)?;
        let row = self.bytes.get(at..at.checked_add(16)?).filter(|_| at < table.end)?;
        Some([number(row, 0)?, number(row, 4)?, number(row, 8)?, number(row, 12)?])
    }

    fn part(&self, section: &Range<usize>, start: u32, length: u32) -> Option<&[u8]> {
        let section = self.bytes.get(section.clone())?;
        let start = usize::try_from(start).ok()?;
        section.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::super::form_writer::{BLOCK, FormWriter};
    use super::*;

    fn form() -> Vec<u8> {
        let mut writer = FormWriter::default();
        let large = "x".repeat(3 * BLOCK);
        for (line, (name, text)) in
            [("b", "one"), ("a", "two"), ("b", large.as_str()), ("c", "é")].into_iter().enumerate()
        {
            writer.add(name, line, text).unwrap();
            writer.provide("p".into()).unwrap();
            writer.provide("p".into()).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn finds_what_was_added() {
        let form = Form::read(form()).unwrap();
        let lines = |table, name| form.find(table, name).unwrap().iter().map(|found| found.line).collect::<Vec<_>>();
        assert_eq!(form.len(), 4);
        assert_eq!(lines(Table::Names, "b"), [0, 2]);
        assert_eq!((lines(Table::Names, "a"), lines(Table::Names, "c")), (vec![1], vec![3]));
        assert_eq!((lines(Table::Names, "p"), lines(Table::Provided, "a")), (vec![], vec![]));
        assert_eq!(lines(Table::Provided, "p"), [0, 1, 2, 3]);
        assert_eq!(form.find(Table::Names, "c").unwrap(), [Found { line: 3, text: "é".into() }]);
        let blocks: Vec<usize> = (0..form.blocks.len() / 12).map(|place| form.block(place).unwrap().len()).collect();
        assert_eq!(blocks, [6, 3 * BLOCK, 2]);
        let empty = Form::read(FormWriter::default().finish().unwrap()).unwrap();
        assert_eq!((empty.len(), empty.find(Table::Names, "a")), (0, Some(vec![])));
    }

    #[test]
    fn a_block_is_read_once_for_a_name() {
        let large = "x".repeat(32 << 20);
        let mut writer = FormWriter::default();
        writer.add("a", 0, &large).unwrap();
        // Were the block read for each of them, this would take minutes.
        for number in 1..100_000 {
            writer.packages.push([0, number, 1, number]);
            writer.names.push(("a", number));
        }
        let form = Form::read(writer.finish().unwrap()).unwrap();
        assert_eq!(form.find(Table::Names, "a").unwrap().len(), 100_000);
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        let whole = form();
        assert!(Form::read(whole.replace_first(b"packages 1", b"packages 0")).is_none());
        for length in 0..whole.len() {
            look(whole[..length].to_vec());
        }
        for place in 0..whole.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut damaged = whole.clone();
                damaged[place] = value;
                look(damaged);
            }
        }
    }

    /// Finds whatever there is, which must come to an end.
    fn look(bytes: Vec<u8>) {
        let Some(form) = Form::read(bytes) else { return };
        for table in [Table::Names, Table::Provided] {
            for name in ["a", "b", "c", "p", "z"] {
                assert!(form.find(table, name).unwrap_or_default().len() <= 4);
            }
        }
    }

    trait Replace {
        fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
    }

    impl Replace for Vec<u8> {
        fn replace_first(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
            let place = self.windows(from.len()).position(|window| window == from).unwrap();
            [&self[..place], to, &self[place + from.len()..]].concat()
        }
    }
}
