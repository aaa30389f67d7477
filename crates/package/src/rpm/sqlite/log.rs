use crate::rpm::RpmError;
use crate::rpm::bytes::{big32, little32, slice};
use std::collections::HashMap;

const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// What was written last (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>): pages as they are now, up to the last
/// that was committed. What follows it, or has a wrong sum, is left over from before, and does not count.
#[derive(Default)]
pub(super) struct Log<'a> {
    bytes: &'a [u8],
    /// Where the newest form of each page lies.
    pages: HashMap<u32, usize>,
    /// Number of pages of the database as it is now.
    count: Option<u32>,
}

impl<'a> Log<'a> {
    /// Reads a log; an empty one says nothing.
    pub(super) fn read(bytes: &'a [u8], page_size: usize) -> Result<Self, RpmError> {
        let mut log = Self { bytes, ..Self::default() };
        let Some(head) = bytes.get(..HEAD) else { return Ok(log) };
        let number = |at| big32(bytes, at).unwrap_or_default();
        let is_big_endian = number(0) == MAGIC | 1;
        let mut sums = Sums { values: [0, 0], is_big_endian };
        sums.add(&head[..24]);
        // SQLite too takes such a log for none.
        if number(0) & !1 != MAGIC || sums.values != [number(24), number(28)] {
            return Ok(log);
        }
        if number(4) != VERSION || usize::try_from(number(8)) != Ok(page_size) {
            return Err(RpmError::Unsupported { what: "an SQLite database with the log of another" });
        }
        let salts = head.get(16..24);
        let mut pending = Vec::new();
        for start in (HEAD..).step_by(FRAME_HEAD + page_size) {
            let Some(frame) = slice(bytes, start, FRAME_HEAD + page_size) else { break };
            let number = |at| big32(frame, at).unwrap_or_default();
            sums.add(&frame[..8]);
            sums.add(&frame[FRAME_HEAD..]);
            if frame.get(8..16) != salts || sums.values != [number(16), number(20)] {
                break;
            }
            pending.push((number(0), start + FRAME_HEAD));
            if number(4) > 0 {
                log.pages.extend(pending.drain(..));
                log.count = Some(number(4));
            }
        }
        Ok(log)
    }

    /// Returns a page as it is now, if it was written.
    pub(super) fn page(&self, page: u32, size: usize) -> Option<&'a [u8]> {
        slice(self.bytes, *self.pages.get(&page)?, size).filter(|_| !self.has_cut_off(page))
    }

    /// Returns whether the database does not reach to this page any more.
    pub(super) fn has_cut_off(&self, page: u32) -> bool {
        self.count.is_some_and(|count| page > count)
    }

    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// Sums over all that was added, eight bytes at a time.
struct Sums {
    values: [u32; 2],
    is_big_endian: bool,
}

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        let [mut first, mut second] = self.values;
        for pair in bytes.chunks_exact(8) {
            let number = |at| if self.is_big_endian { big32(pair, at) } else { little32(pair, at) };
            first = first.wrapping_add(number(0).unwrap_or_default()).wrapping_add(second);
            second = second.wrapping_add(number(4).unwrap_or_default()).wrapping_add(first);
        }
        self.values = [first, second];
    }
}
