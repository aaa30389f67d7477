use super::Layer;
use bytes::Bytes;

/// Sees layers while they are written, so that nobody has to read them again to know what they hold.
pub trait LayerWatcher: Send + Sync {
    /// Starts to see a layer. One that does not end was not written.
    fn begin(&self) -> Box<dyn WatchedLayer>;
}

/// Sees one layer: all bytes of its tar stream, in order.
pub trait WatchedLayer: Send {
    /// Sees the next bytes of the tar stream. They are those that are compressed, and not copied: whoever keeps them keeps the memory.
    fn bytes(&mut self, bytes: &Bytes);

    /// The layer is whole, and this is what it became.
    fn end(self: Box<Self>, layer: &Layer);
}
