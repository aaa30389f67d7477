use super::damaged;
use super::pages::{FILE_HEAD, Pages};
use super::record::number;
use crate::rpm::bytes::{big16, big32, slice};
use crate::rpm::{ENTRY_LIMIT, RpmError};
use std::borrow::Cow;
use std::collections::HashSet;

/// Page of a table that has other pages below it.
const INTERIOR: u8 = 5;
/// Page of a table that has rows.
const LEAF: u8 = 13;
/// Most bytes of a row besides the entry itself.
const ROW_HEAD_LIMIT: usize = 4096;

struct Rows<'p, 'a> {
    pages: &'p Pages<'a>,
    /// Pages that were read. Each is in one place of one table.
    used: HashSet<u32>,
    /// Bytes that rows may yet take. They lie beside each other, so they are together no longer than the database.
    left: usize,
}

/// Visits the rows of a table, in their order.
pub(super) fn rows(
    pages: &Pages<'_>,
    root: u32,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), RpmError>,
) -> Result<(), RpmError> {
    let mut rows = Rows { pages, used: HashSet::new(), left: pages.length() };
    let mut waiting = vec![root];
    while let Some(page) = waiting.pop() {
        let bytes = rows.take(page)?;
        let offset = pages.offset(page).unwrap_or_default();
        let start = if page == 1 { FILE_HEAD } else { 0 };
        let kind = bytes.get(start).copied().unwrap_or_default();
        let count = big16(bytes, start + 3).map(usize::from).unwrap_or_default();
        let head = match kind {
            INTERIOR => 12,
            LEAF => 8,
            _ => return Err(damaged(offset, "a page is none of a table")),
        };
        let cell = |index: usize| big16(bytes, start + head + 2 * index).map(usize::from);
        if kind == LEAF {
            for index in 0..count {
                let row = cell(index).and_then(|at| rows.row(bytes, at).transpose()).transpose()?;
                visit(&row.ok_or_else(|| damaged(offset, "a row ends after its page"))?)?;
            }
        } else {
            // The last is taken first.
            waiting.extend(big32(bytes, start + 8));
            for index in (0..count).rev() {
                let below = cell(index).and_then(|at| big32(bytes, at));
                waiting.push(below.ok_or_else(|| damaged(offset, "a page points to nowhere"))?);
            }
        }
    }
    Ok(())
}

impl<'a> Rows<'_, 'a> {
    fn take(&mut self, page: u32) -> Result<&'a [u8], RpmError> {
        if self.used.insert(page) {
            self.pages.get(page)
        } else {
            Err(damaged(self.pages.offset(page).unwrap_or_default(), "a page is in two places"))
        }
    }

    /// Returns a row, from its page and those that it goes on at; `None` if it ends after its page.
    fn row(&mut self, page: &'a [u8], at: usize) -> Result<Option<Cow<'a, [u8]>>, RpmError> {
        let Some((length, at)) = number(page, at) else { return Ok(None) };
        // The number of the row.
        let Some((_, at)) = number(page, at) else { return Ok(None) };
        let length = usize::try_from(length).ok().filter(|length| *length <= ENTRY_LIMIT + ROW_HEAD_LIMIT);
        let rest = length.and_then(|length| self.left.checked_sub(length));
        let (Some(length), Some(rest)) = (length, rest) else {
            return Err(damaged(0, "a row is longer than the database"));
        };
        self.left = rest;
        let here = local_length(length, self.pages.usable);
        let Some(first) = page.get(..self.pages.usable).and_then(|page| slice(page, at, here)) else { return Ok(None) };
        if here == length {
            return Ok(Some(first.into()));
        }
        let Some(mut next) = big32(page, at + here) else { return Ok(None) };
        let mut row = Vec::with_capacity(length);
        row.extend(first);
        while row.len() < length {
            let page = self.take(next)?;
            let wanted = (length - row.len()).min(self.pages.usable - 4);
            let (Some(part), Some(following)) = (slice(page, 4, wanted), big32(page, 0)) else { return Ok(None) };
            row.extend(part);
            next = following;
        }
        Ok(Some(row.into()))
    }
}

/// Returns how many bytes of a row lie on its own page (file format, "B-tree Cell Format").
fn local_length(length: usize, usable: usize) -> usize {
    let (most, least) = (usable - 35, (usable - 12) * 32 / 255 - 23);
    if length <= most {
        return length;
    }
    let even = least + (length - least) % (usable - 4);
    if even <= most { even } else { least }
}
