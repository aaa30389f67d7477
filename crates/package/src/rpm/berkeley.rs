//! `Packages`: a hash of Berkeley DB (`src/dbinc/db_page.h`). Keys are numbers of packages; their headers lie on pages of their own
//! where they are large, and mostly they are. Pages are in the byte order of the machine that wrote them.

use super::bytes::{big16, big32, little16, little32, slice};
use super::{ENTRY_LIMIT, RpmError, Visit};
use std::collections::HashSet;

/// What stands at byte 12 of the first page of a hash.
const MAGIC: u32 = 0x0006_1561;
/// Bytes that a page begins with.
const PAGE_HEAD: usize = 26;

const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_META: u8 = 8;
const HASH: u8 = 13;

/// An item that lies in the page itself.
const INLINE: u8 = 1;
/// An item that lies on pages of its own.
const OFF_PAGE: u8 = 3;

/// Returns whether this is such a database.
pub(super) fn is_berkeley(bytes: &[u8]) -> bool {
    little32(bytes, 12) == Some(MAGIC) || big32(bytes, 12) == Some(MAGIC)
}

struct Pages<'a> {
    database: &'a [u8],
    size: usize,
    is_big_endian: bool,
    /// Pages that were read as part of an item. Each is part of one.
    used: HashSet<usize>,
}

/// Finds the entries.
pub(super) fn entries(database: &[u8], visit: &mut Visit<'_>) -> Result<(), RpmError> {
    let is_big_endian = big32(database, 12) == Some(MAGIC);
    let number = |at| if is_big_endian { big32(database, at) } else { little32(database, at) };
    let size = number(20).and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| (512..=65536).contains(size) && size.is_power_of_two());
    let size = size.ok_or_else(|| damaged(20, "pages have an impossible size"))?;
    if database.get(24) != Some(&0) {
        return Err(RpmError::Unsupported { what: "encrypted" });
    }
    if database.get(25) != Some(&HASH_META) {
        return Err(RpmError::Unsupported { what: "a Berkeley DB other than a hash" });
    }
    let mut pages = Pages { database, size, is_big_endian, used: HashSet::new() };
    // Items lie beside each other, so they are together no longer than the database.
    let mut left = database.len();
    for page in 1..database.len().div_ceil(size) {
        // Where the last page is cut off, it was none of a hash, or is found to be damaged.
        if matches!(pages.kind(page), Some(HASH | HASH_UNSORTED)) {
            pages.entries(page, &mut left, visit)?;
        }
    }
    Ok(())
}

fn damaged(offset: usize, reason: &'static str) -> RpmError {
    RpmError::damaged("Berkeley DB", offset, reason)
}

impl<'a> Pages<'a> {
    fn small(&self, at: usize) -> Option<usize> {
        let number = if self.is_big_endian { big16(self.database, at) } else { little16(self.database, at) };
        number.map(usize::from)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let number = if self.is_big_endian { big32(self.database, at) } else { little32(self.database, at) };
        number.and_then(|number| usize::try_from(number).ok())
    }

    fn kind(&self, page: usize) -> Option<u8> {
        self.database.get(page.checked_mul(self.size)?.checked_add(25)?).copied()
    }

    /// Visits the values of a page. Keys and values take turns; each begins where its index says, and ends where the one before begins.
    fn entries(&mut self, page: usize, left: &mut usize, visit: &mut Visit<'_>) -> Result<(), RpmError> {
        let start = page * self.size;
        let bytes = slice(self.database, start, self.size).ok_or_else(|| damaged(start, "the last page is cut off"))?;
        let count = self.small(start + 20).unwrap_or_default();
        let mut end = self.size;
        let mut key = None;
        for number in 0..count {
            let at = start + PAGE_HEAD + number * 2;
            let begin = self.small(at).filter(|begin| (PAGE_HEAD..end).contains(begin));
            let item = begin.and_then(|begin| bytes.get(begin..end));
            let (Some(begin), Some(item)) = (begin, item) else { return Err(damaged(at, "items lie over each other")) };
            end = begin;
            if number % 2 == 0 {
                key = Some(item);
                continue;
            }
            // Under the number 0 is the largest number that was given.
            if key.take().is_some_and(|key| key.get(1..).is_some_and(|key| key.iter().all(|byte| *byte == 0))) {
                continue;
            }
            match item.split_first() {
                Some((&INLINE, value)) => visit(value)?,
                Some((&OFF_PAGE, _)) => {
                    let value = self.off_page(start + begin, left)?;
                    visit(&value)?;
                }
                _ => return Err(damaged(start + begin, "a package is neither in its page nor on others")),
            }
        }
        Ok(())
    }

    /// Reads an item from the pages that it lies on.
    fn off_page(&mut self, at: usize, left: &mut usize) -> Result<Vec<u8>, RpmError> {
        let (Some(mut page), Some(length)) = (self.number(at + 4), self.number(at + 8)) else {
            return Err(damaged(at, "an item is cut off"));
        };
        *left = left
            .checked_sub(length)
            .filter(|_| length <= ENTRY_LIMIT)
            .ok_or_else(|| damaged(at, "an item is longer than the database"))?;
        let mut value = Vec::with_capacity(length);
        while value.len() < length {
            let start = page.saturating_mul(self.size);
            if page == 0 || self.kind(page) != Some(OVERFLOW) || !self.used.insert(page) {
                return Err(damaged(at, "an item goes on at a page that is not its own"));
            }
            let wanted = length - value.len();
            let here = self.small(start + 22).filter(|here| (1..=self.size - PAGE_HEAD).contains(here));
            let part = here.and_then(|here| slice(self.database, start + PAGE_HEAD, here.min(wanted)));
            value.extend(part.ok_or_else(|| damaged(start, "a page of an item is cut off"))?);
            page = self.number(start + 16).unwrap_or_default();
        }
        Ok(value)
    }
}
