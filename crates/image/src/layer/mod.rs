//! The tar stream of a layer, whatever it is compressed with.

mod stream;

pub use stream::uncompressed;
