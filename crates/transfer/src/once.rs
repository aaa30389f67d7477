use consign_oci::Digest;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What is done once for each digest, or each of something else, whoever asks first. Who asks meanwhile waits for it.
pub(crate) struct Once<T, K = Digest>(Mutex<HashMap<K, Arc<OnceCell<T>>>>);

impl<T, K> Default for Once<T, K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone, K: Clone + Eq + Hash> Once<T, K> {
    /// Returns what was made for a key, or makes it.
    ///
    /// Boxed: what is made for one key makes others in turn, and the stack is to hold no more of each than a pointer.
    pub(crate) fn get<'a, E>(
        &'a self,
        key: &K,
        make: impl Future<Output = Result<T, E>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, E>>
    where
        T: Send + Sync,
    {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(key.clone()).or_default().clone()
        };
        Box::pin(async move { cell.get_or_try_init(|| make).await.cloned() })
    }

    /// Forgets one thing, so that it is done again.
    pub(crate) fn forget_one(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Returns how often something was, or is being, done.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
