use consign_oci::Digest;
use consign_store::Store;

/// Largest thing that is kept, in bytes.
const LIMIT: u64 = 4 << 30;

/// What was made of downloads whose digests were checked, by those digests, in a form that is read faster.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Store,
    reuse: bool,
}

impl Kept {
    /// With `reuse`, what earlier runs kept is used.
    pub(crate) fn new(store: &Store, reuse: bool) -> Self {
        Self { store: store.clone(), reuse }
    }

    pub(crate) fn get(&self, kind: &str, of: &Digest) -> Option<Vec<u8>> {
        self.reuse.then(|| self.store.derived(kind, of, LIMIT))?
    }

    pub(crate) fn put(&self, kind: &str, of: &Digest, bytes: &[u8]) {
        self.store.keep_derived(kind, of, bytes);
    }
}
