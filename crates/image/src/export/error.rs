use consign_oci::Digest;
use consign_oci::layer::LayerError;
use std::io;

/// Layers that cannot be written as one archive. Layers are counted from one, lowest first.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The layer's bytes cannot be read: they are not what the type says.
    #[error("cannot read layer {layer}, {digest}")]
    Layer {
        /// Number of the layer.
        layer: usize,
        /// Its digest.
        digest: Digest,
        /// What is wrong.
        source: LayerError,
    },
    /// The layer's bytes are not those that its digest promises.
    #[error("the bytes of layer {layer} do not match {digest}")]
    Mismatch {
        /// Number of the layer.
        layer: usize,
        /// What they were to be.
        digest: Digest,
    },
    /// The layer's type is not one of a file system layer.
    #[error("layer {layer} has the type `{media_type}`, which is not that of a tar archive, plain, gzip or zstd")]
    MediaType {
        /// Number of the layer.
        layer: usize,
        /// The type.
        media_type: String,
    },
    /// The image has more layers than any should have.
    #[error("the image has {count} layers, and at most {limit} are read")]
    Layers {
        /// How many it has.
        count: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The layers hold more than allowed.
    #[error("the layers have more than {limit} {what}")]
    TooMuch {
        /// Of what there is too much.
        what: &'static str,
        /// What is allowed.
        limit: u64,
    },
    /// An entry may not stand in a layer.
    #[error("layer {layer}: `{path}` {reason}")]
    Member {
        /// Number of the layer.
        layer: usize,
        /// Path of the entry, at most 200 characters of it.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An entry cannot stand in an archive, or cannot be read.
    #[error("cannot write `{path}` into the archive")]
    Entry {
        /// Path of the entry, at most 200 characters of it.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive")]
    Output(#[source] io::Error),
}
