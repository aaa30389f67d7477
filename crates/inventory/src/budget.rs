use crate::InventoryError;
use consign_oci::Digest;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Most that the layers of all platforms of an image may hold uncompressed, in bytes.
const LIMIT: u64 = 256 << 30;
/// Most of it that may come of little, in bytes. Beyond, it may be so many times what the layers take as they lie, each once.
const FREE_LIMIT: u64 = 16 << 30;
const RATIO_LIMIT: u64 = 16;

/// Most memory that is kept of the layers of one image, in bytes: their entries, and what their files say.
const KEPT_LIMIT: u64 = 256 << 20;
/// Most memory for files while they are looked at, of all layers that are read at the same time, in bytes.
const ROOM: u64 = 384 << 20;
/// Files that are smaller need not wait for room, in bytes.
const SMALL: u64 = 1 << 20;
/// Most layers that are read at the same time.
const LAYERS: u64 = 4;

/// What all who share it may read of layers, together, and whether they are to go on; and how much may be kept of an image. A clone shares both.
#[derive(Clone, Debug)]
pub struct Budget {
    shared: Arc<Shared>,
    kept: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Shared {
    limit: u64,
    free: u64,
    taken: AtomicU64,
    stored: AtomicU64,
    begun: Mutex<HashSet<Digest>>,
    ended: AtomicBool,
    layers: Arc<Turns>,
    databases: Arc<Turns>,
    room: Arc<Turns>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::within(LIMIT, FREE_LIMIT)
    }
}

impl Budget {
    /// Allows this many bytes of uncompressed layers, however little they take as they lie.
    pub fn of(limit: u64) -> Self {
        Self::within(limit, limit)
    }

    fn within(limit: u64, free: u64) -> Self {
        let shared = Shared {
            limit,
            free,
            taken: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            begun: Mutex::default(),
            ended: AtomicBool::new(false),
            layers: Turns::of(LAYERS),
            databases: Turns::of(1),
            room: Turns::of(ROOM),
        };
        Self { shared: Arc::new(shared), kept: Arc::default() }
    }

    /// Returns the budget of one more image that is read together with others.
    #[must_use]
    pub fn of_image(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), kept: Arc::default() }
    }

    /// Ends the reading, on whatever thread it is done.
    pub fn end(&self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }

    /// Waits until one more layer may be read. Whoever holds a turn of a kind waits for none of the kinds before it: layers, databases, room.
    pub fn layer(&self) -> Turn {
        self.shared.layers.take(1)
    }

    /// Waits until this layer is the one that keeps databases.
    pub(crate) fn keep_databases(&self) -> Turn {
        self.shared.databases.take(1)
    }

    /// Waits until there is room for so many bytes; `None`: so few that nobody waits.
    pub(crate) fn room(&self, bytes: u64) -> Option<Turn> {
        (bytes > SMALL).then(|| self.shared.room.take(bytes))
    }

    /// Counts memory that is kept of the image.
    pub(crate) fn keep(&self, bytes: usize) -> Result<(), InventoryError> {
        let kept = self.kept.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        if kept > KEPT_LIMIT { Err(InventoryError::Notes { limit: KEPT_LIMIT }) } else { Ok(()) }
    }

    /// Returns whether a blob is read for the first time: a layer that is listed again allows no more.
    pub(crate) fn begin(&self, blob: &Digest) -> bool {
        self.shared.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(blob.clone())
    }

    /// Counts bytes of a blob as it lies.
    pub(crate) fn store(&self, bytes: u64) {
        self.shared.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns what was counted of blobs as they lie, in bytes.
    pub(crate) fn stored(&self) -> u64 {
        self.shared.stored.load(Ordering::Relaxed)
    }

    /// Takes bytes that were read. Returns whether reading may go on.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        self.shared.taken.fetch_add(bytes, Ordering::Relaxed);
        self.check().is_ok()
    }

    /// Says why reading may not go on, if it may not.
    pub(crate) fn check(&self) -> Result<(), InventoryError> {
        let Shared { limit, free, taken, ended, .. } = &*self.shared;
        if ended.load(Ordering::Relaxed) {
            return Err(InventoryError::Ended);
        }
        let taken = taken.load(Ordering::Relaxed);
        if taken > *limit {
            return Err(InventoryError::Size { limit: *limit });
        }
        let stored = self.stored();
        let limit = free.saturating_add(stored.saturating_mul(RATIO_LIMIT));
        if taken > limit {
            return Err(InventoryError::Expansion { stored, limit });
        }
        Ok(())
    }
}

/// What there is only so much of at a time.
#[derive(Debug)]
struct Turns {
    all: u64,
    left: Mutex<u64>,
    given_back: Condvar,
}

/// A part of it, given back when it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Turns>,
    count: u64,
}

impl Turns {
    fn of(all: u64) -> Arc<Self> {
        Arc::new(Self { all, left: Mutex::new(all), given_back: Condvar::new() })
    }

    /// Waits for so many. Who asks for more than there are gets all.
    fn take(self: &Arc<Self>, count: u64) -> Turn {
        let count = count.min(self.all);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.given_back.wait_while(left, |left| *left < count);
        *left.unwrap_or_else(PoisonError::into_inner) -= count;
        Turn { turns: Arc::clone(self), count }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.turns.left.lock().unwrap_or_else(PoisonError::into_inner) += self.count;
        self.turns.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_does_not_become_much() {
        let one = Digest::of(b"one");
        let budget = Budget::within(1000, 100);
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

    #[test]
    fn there_is_only_so_much_at_a_time() {
        let turns = Turns::of(3);
        let most = AtomicU64::new(0);
        let now = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for count in [1, 2, 3, 99, 1, 2] {
                let (turns, most, now) = (&turns, &most, &now);
                scope.spawn(move || {
                    let turn = turns.take(count);
                    let together = now.fetch_add(turn.count, Ordering::SeqCst) + turn.count;
                    most.fetch_max(together, Ordering::SeqCst);
                    std::thread::yield_now();
                    now.fetch_sub(turn.count, Ordering::SeqCst);
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!(*turns.left.lock().unwrap(), 3);
    }

    #[test]
    fn of_each_image_as_much_is_kept() {
        let budget = Budget::default();
        for image in [budget.of_image(), budget.of_image()] {
            image.keep(KEPT_LIMIT as usize).unwrap();
            assert!(matches!(image.clone().keep(1), Err(InventoryError::Notes { .. })));
        }
    }
}
