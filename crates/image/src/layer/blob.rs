use crate::segments::StoredSegments;
use bytes::Bytes;
use consign_oci::layer::{Entry, Layer, WatchedLayer, compress_stream, write_layer};
use consign_oci::{Descriptor, Digest, media_type};
use consign_store::{BlobWriter, Store, StoreError};
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::thread;

/// A layer on its way into the store, compressed on all processors. One that is not committed leaves nothing there.
pub struct LayerBlob<'a> {
    store: &'a Store,
    blob: BlobWriter,
    watched: Option<Box<dyn WatchedLayer>>,
}

impl<'a> LayerBlob<'a> {
    /// Begins a layer, which somebody may see while it is written.
    pub fn new(store: &'a Store, watched: Option<Box<dyn WatchedLayer>>) -> Result<Self, StoreError> {
        Ok(Self { store, blob: store.writer()?, watched })
    }

    /// Writes entries, as [`write_layer`] does. Returns the digest of the tar stream.
    pub fn entries(&mut self, segments: &[Vec<Entry>]) -> io::Result<Digest> {
        let Self { store, blob, watched } = self;
        let mut observer = |bytes: &Bytes| watched.iter_mut().for_each(|watched| watched.bytes(bytes));
        write_layer(segments, blob, &StoredSegments(store), threads(), &mut observer)
    }

    /// Writes a tar stream that is ready and has at most `limit` bytes, as [`compress_stream`] does. Returns its digest.
    pub fn stream(&mut self, stream: impl Read, limit: u64) -> io::Result<Digest> {
        let Self { store, blob, watched } = self;
        let mut observer = |bytes: &Bytes| watched.iter_mut().for_each(|watched| watched.bytes(bytes));
        let written = compress_stream(stream, blob, &StoredSegments(store), threads(), &mut observer, limit);
        written.map(|(diff_id, _)| diff_id)
    }

    /// Puts what was written into the store, as the layer whose tar stream has this digest.
    pub fn commit(self, diff_id: Digest) -> Result<Layer, StoreError> {
        let (digest, size) = self.blob.commit(None)?;
        let layer = Layer { descriptor: Descriptor::new(media_type::LAYER_GZIP, digest, size), diff_id };
        if let Some(watched) = self.watched {
            watched.end(&layer);
        }
        Ok(layer)
    }
}

fn threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
