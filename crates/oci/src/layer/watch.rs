use super::{Entry, Layer};

/// Sees layers while they are written, so that nobody has to read them again to know what they hold.
pub trait LayerWatcher: Send + Sync {
    /// Starts to see a layer. One that does not end was not written.
    fn begin(&self) -> Box<dyn WatchedLayer>;
}

/// Sees one layer: all its entries, or all bytes of its tar stream, in order.
pub trait WatchedLayer: Send {
    /// Sees an entry.
    fn entry(&mut self, entry: &Entry);

    /// Sees the next bytes of the tar stream.
    fn bytes(&mut self, bytes: &[u8]);

    /// The layer is whole, and this is what it became.
    fn end(self: Box<Self>, layer: &Layer);
}
