use crate::InventoryError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Most that the layers of all platforms of an image may hold uncompressed, in bytes.
const LIMIT: u64 = 256 << 30;

/// What all who share it may read of layers, together, and whether they are to go on.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    taken: AtomicU64,
    ended: AtomicBool,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(LIMIT)
    }
}

impl Budget {
    /// Allows this many bytes of uncompressed layers.
    pub fn of(limit: u64) -> Self {
        Self { limit, taken: AtomicU64::new(0), ended: AtomicBool::new(false) }
    }

    /// Ends the reading, on whatever thread it is done.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
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
        if self.taken.load(Ordering::Relaxed) > self.limit {
            return Err(InventoryError::Size { limit: self.limit });
        }
        Ok(())
    }
}
