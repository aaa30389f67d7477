//! The tar stream of a layer, whatever it is compressed with; layers on their way into the store.

mod blob;
mod stream;

pub use blob::LayerBlob;
pub use stream::uncompressed;
