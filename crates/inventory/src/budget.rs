use crate::InventoryError;
use consign_oci::Digest;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Most that the layers of all platforms of an image may hold uncompressed, in bytes.
const LIMIT: u64 = 256 << 30;
/// Most of it that may come of little, in bytes. Beyond, it may be so many times what the layers take as they lie, each once.
const FREE_LIMIT: u64 = 16 << 30;
const RATIO_LIMIT: u64 = 16;

/// What all who share it may read of layers, together, and whether they are to go on.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    free: u64,
    taken: AtomicU64,
    stored: AtomicU64,
    begun: Mutex<HashSet<Digest>>,
    ended: AtomicBool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { free: FREE_LIMIT, ..Self::of(LIMIT) }
    }
}

impl Budget {
    /// Allows this many bytes of uncompressed layers, however little they take as they lie.
    pub fn of(limit: u64) -> Self {
        Self {
            limit,
            free: limit,
            taken: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            begun: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// Ends the reading, on whatever thread it is done.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Returns whether a blob is read for the first time: a layer that is listed again allows no more.
    pub(crate) fn begin(&self, blob: &Digest) -> bool {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(blob.clone())
    }

    /// Counts bytes of a blob as it lies.
    pub(crate) fn store(&self, bytes: u64) {
        self.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns what was counted of blobs as they lie, in bytes.
    pub(crate) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Takes bytes that were read. Returns whether reading may go on.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
        self.check().is_ok()
    }

    /// Says why reading may not go on, if it may not.
    pub(crate) fn check(&self) -> Result<(), InventoryError> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(InventoryError::Ended);
        }
        let taken = self.taken.load(Ordering::Relaxed);
        if taken > self.limit {
            return Err(InventoryError::Size { limit: self.limit });
        }
        let stored = self.stored();
        let limit = self.free.saturating_add(stored.saturating_mul(RATIO_LIMIT));
        if taken > limit {
            return Err(InventoryError::Expansion { stored, limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_does_not_become_much() {
        let one = Digest::of(b"one");
        let budget = Budget { free: 100, ..Budget::of(1000) };
        assert!(budget.begin(&one));
        budget.store(10);
        assert!(budget.take(260));
        assert!(!budget.begin(&one));
        assert!(!budget.take(1));
        let said = budget.check().unwrap_err().to_string();
        assert_eq!(said, "the layers of all platforms take 10 bytes, each once, and hold more than 260");
        assert!(budget.begin(&Digest::of(b"two")));
        budget.store(1000);
        assert!(budget.take(739));
        assert!(!budget.take(1));
        assert!(matches!(budget.check(), Err(InventoryError::Size { limit: 1000 })));
        assert!(Budget::default().take(FREE_LIMIT));
        assert!(!Budget::default().take(FREE_LIMIT + 1));
    }
}
