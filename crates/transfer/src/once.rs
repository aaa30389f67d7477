use consign_oci::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What is done once for each digest, whoever asks first. Who asks meanwhile waits for it.
pub(crate) struct Once<T>(Mutex<HashMap<Digest, Arc<OnceCell<T>>>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    pub(crate) async fn get<E>(&self, digest: &Digest, make: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(digest.clone()).or_default().clone()
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    /// Forgets one thing, so that it is done again.
    pub(crate) fn forget_one(&self, digest: &Digest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
    }

    /// Returns how often something was, or is being, done.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
