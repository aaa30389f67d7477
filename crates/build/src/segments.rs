use consign_oci::layer::SegmentCache;
use consign_oci::{Digest, Hasher};
use consign_store::Store;

/// Largest compressed segment that is taken from the store, in bytes.
const SEGMENT_LIMIT: u64 = 4 << 30;

/// Keeps compressed segments in the store.
pub(crate) struct StoredSegments<'a>(pub(crate) &'a Store);

impl SegmentCache for StoredSegments<'_> {
    fn get(&self, key: &Digest) -> Option<Vec<u8>> {
        let digest: Digest = self.0.step(&step(key)).ok()??;
        self.0.read(&digest, SEGMENT_LIMIT).ok()
    }

    fn put(&self, key: &Digest, compressed: &[u8]) {
        // What cannot be kept is compressed again the next time.
        let kept = |digest: Digest| self.0.put_step("segment", &step(key), &[digest.clone()], &digest);
        let _ = self.0.put(compressed).and_then(kept);
    }
}

/// Returns the key of the step that compressed a segment, apart from the keys of all other steps.
fn step(key: &Digest) -> Digest {
    let mut hasher = Hasher::default();
    hasher.update(b"segment\0");
    hasher.update(key.to_string().as_bytes());
    hasher.finish()
}
