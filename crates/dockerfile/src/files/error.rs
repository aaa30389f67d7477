use consign_oci::Digest;
use consign_oci::layer::EntryPathError;
use consign_oci::layer::LayerError;
use consign_store::StoreError;
use std::io;

/// An image whose files cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A layer is not there, or not what it should be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not one of a file system.
    #[error("`{media_type}` is not the type of a layer")]
    MediaType {
        /// The type.
        media_type: String,
    },
    /// A layer cannot be read.
    #[error("the layer {digest} cannot be read")]
    Layer {
        /// The layer.
        digest: Digest,
        /// Why not.
        source: LayerError,
    },
    /// A path in a layer is none.
    #[error("the layer {digest} cannot be used")]
    Path {
        /// The layer.
        digest: Digest,
        /// What is wrong.
        source: EntryPathError,
    },
    /// There is too much in a layer.
    #[error("the layer {digest} has more than {limit} {what}")]
    TooMuch {
        /// The layer.
        digest: Digest,
        /// Of what.
        what: &'static str,
        /// What is allowed.
        limit: u64,
    },
    /// A path has more links than a kernel would follow.
    #[error("too many symbolic links on the way to `{path}`")]
    Loop {
        /// The path.
        path: String,
    },
    /// Files that a later step needs cannot be taken out of a layer.
    #[error("cannot write a file of the layer {digest}")]
    Spool {
        /// The layer.
        digest: Digest,
        /// What the system says.
        source: io::Error,
    },
}
