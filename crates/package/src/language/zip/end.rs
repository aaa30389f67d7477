//! Where the directory of a zip archive is (APPNOTE.TXT 4.3.14 to 4.3.16), found as Java finds it: what readers see differs in nothing then.

/// Length of the last record, without its comment, and the longest comment.
const END: usize = 22;
const COMMENT: usize = 0xffff;
/// Lengths of the two records in front of it in archives of 64 bits.
const LOCATOR: usize = 20;
const END_64: usize = 56;

const END_MARK: &[u8] = b"PK\x05\x06";
const LOCATOR_MARK: &[u8] = b"PK\x06\x07";
const END_64_MARK: &[u8] = b"PK\x06\x06";
const ENTRY_MARK: &[u8] = b"PK\x01\x02";
const HEADER_MARK: &[u8] = b"PK\x03\x04";

/// Where the directory of an archive is.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// Where it begins and ends in the file.
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many bytes lie before the archive, such as a script that runs it.
    pub(super) before: usize,
    /// How many entries it says that it lists, and whether that is all of the number or its last 16 bits.
    pub(super) stated: u64,
    pub(super) is_whole: bool,
}

impl End {
    /// Finds the last record behind which its comment is to the end of the file, or that leads to a directory and to an entry.
    pub(super) fn find(contents: &[u8]) -> Option<Self> {
        let last = contents.len().checked_sub(END)?;
        (last.saturating_sub(COMMENT)..=last).rev().find_map(|place| {
            let record = contents.get(place..).filter(|record| record.starts_with(END_MARK))?;
            let end = Self::of(contents, place, record)?;
            let is_last = record.len() == END + usize::from(half(record, 20)?);
            let begins = |place, mark| contents.get(place..).is_some_and(|bytes: &[u8]| bytes.starts_with(mark));
            (is_last || begins(end.start, ENTRY_MARK) && begins(end.before, HEADER_MARK)).then_some(end)
        })
    }

    fn of(contents: &[u8], place: usize, record: &[u8]) -> Option<Self> {
        let (stated, size, offset) = (half(record, 10)?, word(record, 12)?, word(record, 16)?);
        let is_wide = stated == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff;
        let wide = if is_wide { Self::of_64(contents, place) } else { None };
        wide.or_else(|| Self::new(place, stated.into(), size.into(), offset.into(), false))
    }

    /// Reads the larger record. Where something lies before the archive its place is not where it says, but right before the locator.
    fn of_64(contents: &[u8], place: usize) -> Option<Self> {
        let start = place.checked_sub(LOCATOR)?;
        let locator = contents.get(start..place)?.strip_prefix(LOCATOR_MARK)?;
        let stated = usize::try_from(long(locator, 4)?).ok();
        let place = [stated, start.checked_sub(END_64)].into_iter().flatten().find(|place| {
            contents.get(*place..).is_some_and(|record| record.starts_with(END_64_MARK) && record.len() > END_64)
        })?;
        let record = contents.get(place..)?;
        Self::new(place, long(record, 32)?, long(record, 40)?, long(record, 48)?, true)
    }

    fn new(end: usize, stated: u64, size: u64, offset: u64, is_whole: bool) -> Option<Self> {
        let start = end.checked_sub(usize::try_from(size).ok()?)?;
        let before = start.checked_sub(usize::try_from(offset).ok()?)?;
        Some(Self { start, end, before, stated, is_whole })
    }
}

/// Returns the number of 2 bytes at a place.
pub(super) fn half(bytes: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(place..)?.first_chunk().copied()?))
}

/// Returns the number of 4 bytes at a place.
pub(super) fn word(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(place..)?.first_chunk().copied()?))
}

/// Returns the number of 8 bytes at a place.
pub(super) fn long(bytes: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(place..)?.first_chunk().copied()?))
}
