use consign_oci::layer::LayerError;
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Layers that cannot be unpacked. Layers are counted from one, lowest first.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The folder to unpack into cannot be opened.
    #[error("cannot unpack into `{}`", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The layer cannot be had.
    #[error("cannot open layer {layer}")]
    Layer {
        /// Number of the layer.
        layer: usize,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The layer's type is not one of a file system layer.
    #[error("layer {layer} has the type `{media_type}`, which is not that of a tar archive, plain, gzip or zstd")]
    MediaType {
        /// Number of the layer.
        layer: usize,
        /// The type.
        media_type: String,
    },
    /// The layer's bytes cannot be read: they are not what the type says, or fail their digest.
    #[error("cannot read layer {layer}")]
    Stream {
        /// Number of the layer.
        layer: usize,
        /// What is wrong.
        source: LayerError,
    },
    /// The layers hold more bytes than allowed.
    #[error("the layers have more than {limit} bytes")]
    TooManyBytes {
        /// What is allowed.
        limit: u64,
    },
    /// The layers hold more entries than allowed.
    #[error("the layers have more than {limit} entries")]
    TooManyEntries {
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
    /// A hard link's target is not there, or is no file.
    #[error("layer {layer}: `{path}` is a hard link to `{target}`, which is no file in the image")]
    HardLink {
        /// Number of the layer.
        layer: usize,
        /// Path of the link.
        path: String,
        /// Path of the target.
        target: String,
    },
    /// An entry cannot be written.
    #[error("layer {layer}: cannot {action} `{path}`")]
    File {
        /// Number of the layer.
        layer: usize,
        /// Path of the entry.
        path: String,
        /// What failed.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
}
