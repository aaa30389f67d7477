use consign_oci::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What is done once for each digest, whoever asks first. Who asks meanwhile waits for it.
#[derive(Default)]
pub(crate) struct Once<T>(Mutex<HashMap<Digest, Arc<OnceCell<T>>>>);

impl<T: Clone> Once<T> {
    pub(crate) async fn get<E>(&self, digest: &Digest, make: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(digest.clone()).or_default().clone()
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    /// Forgets everything, so that it is done again.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns how often something was, or is being, done.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
