use consign_oci::Digest;
use consign_oci::layer::SegmentCache;
use consign_store::Store;

/// Largest compressed piece that is taken from the store, in bytes.
const PIECE_LIMIT: u64 = 64 << 20;

/// Keeps compressed pieces of layers in the store.
#[derive(Debug)]
pub(crate) struct StoredSegments<'a>(pub(crate) &'a Store);

impl SegmentCache for StoredSegments<'_> {
    fn get(&self, key: &Digest) -> Option<Vec<u8>> {
        self.0.derived("segment", key, PIECE_LIMIT)
    }

    fn put(&self, key: &Digest, compressed: &[u8]) {
        self.0.keep_derived("segment", key, compressed);
    }
}
