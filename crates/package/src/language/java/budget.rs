use super::Reason;

/// Largest sum of all that is decompressed, or looked at within, of an outermost archive, in bytes.
const TOTAL: u64 = 1 << 30;
/// Most entries of it, and of the archives in it.
const ENTRIES: u64 = 1_000_000;

/// What may still be read of an outermost archive.
pub(super) struct Budget {
    bytes: u64,
    entries: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { bytes: TOTAL, entries: ENTRIES }
    }

    /// Returns how many bytes may still be read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns how many entries may still be listed.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Takes bytes; what follows the last of them is not read.
    pub(super) fn take_bytes(&mut self, count: u64) -> Result<(), Reason> {
        let left = self.bytes.checked_sub(count);
        self.bytes = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Reason::Total(TOTAL))
    }

    /// Takes entries.
    pub(super) fn take_entries(&mut self, count: u64) -> Result<(), Reason> {
        let left = self.entries.checked_sub(count);
        self.entries = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Reason::Entries(ENTRIES))
    }
}
