use super::Reason;

/// Largest sum of all that is decompressed, or looked at within, of an outermost archive, in bytes.
const TOTAL: u64 = 1 << 30;
/// Most entries of it, and of the archives in it.
const ENTRIES: u64 = 1_000_000;

/// Most memory that archives take which are decompressed because they lie in others, all that are within each other together, in bytes.
pub const HELD: u64 = 128 << 20;

/// What may still be read of an outermost archive.
pub(in crate::language) struct Budget<'a> {
    bytes: u64,
    entries: u64,
    memory: u64,
    /// Asked with each number of bytes whether to go on.
    goes_on: &'a mut dyn FnMut(u64) -> bool,
}

impl<'a> Budget<'a> {
    pub(in crate::language) fn new(goes_on: &'a mut dyn FnMut(u64) -> bool) -> Self {
        Self { bytes: TOTAL, entries: ENTRIES, memory: HELD, goes_on }
    }

    /// Returns how much memory archives in it may still take.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Takes memory for an archive in it.
    pub(in crate::language) fn hold(&mut self, count: u64) {
        self.memory = self.memory.saturating_sub(count);
    }

    /// Gives it back.
    pub(in crate::language) fn release(&mut self, count: u64) {
        self.memory += count;
    }

    /// Returns how many bytes may still be read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns how many entries may still be listed.
    pub(in crate::language) fn entries(&self) -> u64 {
        self.entries
    }

    /// Takes bytes; what follows the last of them is not read.
    pub(in crate::language) fn take_bytes(&mut self, count: u64) -> Result<(), Reason> {
        if !(self.goes_on)(count) {
            return Err(Reason::Ended);
        }
        let left = self.bytes.checked_sub(count);
        self.bytes = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Reason::Total(TOTAL))
    }

    /// Takes entries.
    pub(in crate::language) fn take_entries(&mut self, count: u64) -> Result<(), Reason> {
        let left = self.entries.checked_sub(count);
        self.entries = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Reason::Entries(ENTRIES))
    }
}
