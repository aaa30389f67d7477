use consign_oci::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Lets one task at a time fetch the bytes of a digest: the others find them in the cache.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Returns the lock of a digest.
    pub(crate) fn lock_of(&self, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those that someone holds are worth remembering.
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        locks.entry(digest.clone()).or_default().clone()
    }
}
