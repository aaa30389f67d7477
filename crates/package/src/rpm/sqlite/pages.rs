use super::damaged;
use super::log::Log;
use crate::rpm::RpmError;
use crate::rpm::bytes::{big16, slice};

/// Bytes that the first page begins with, before it is one as the others.
pub(super) const FILE_HEAD: usize = 100;

/// The pages of a database, of which its log may have newer ones.
pub(super) struct Pages<'a> {
    database: &'a [u8],
    log: Log<'a>,
    size: usize,
    /// Bytes of a page that are used.
    pub(super) usable: usize,
}

impl<'a> Pages<'a> {
    pub(super) fn new(database: &'a [u8], log: Option<&'a [u8]>) -> Result<Self, RpmError> {
        let size = match big16(database, 16) {
            Some(1) => 65536,
            Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
            _ => return Err(damaged(16, "pages have an impossible size")),
        };
        let reserved = usize::from(database.get(20).copied().unwrap_or_default());
        // The format wants room for four entries on each page.
        let usable = Some(size - reserved).filter(|usable| *usable >= 480);
        let usable = usable.ok_or_else(|| damaged(20, "pages have no room"))?;
        let log = Log::read(log.unwrap_or_default(), size)?;
        Ok(Self { database, log, size, usable })
    }

    /// Returns a page; they are counted from 1.
    pub(super) fn get(&self, page: u32) -> Result<&'a [u8], RpmError> {
        let logged = self.log.page(page, self.size);
        let lying = || slice(self.database, self.offset(page)?, self.size).filter(|_| !self.log.has_cut_off(page));
        logged.or_else(lying).ok_or_else(|| damaged(self.offset(page).unwrap_or_default(), "a page is not there"))
    }

    /// Returns where a page lies in the database.
    pub(super) fn offset(&self, page: u32) -> Option<usize> {
        usize::try_from(page.checked_sub(1)?).ok()?.checked_mul(self.size)
    }

    /// Returns how many bytes there are in all. No content that is there once is longer.
    pub(super) fn length(&self) -> usize {
        self.database.len().saturating_add(self.log.length())
    }
}
