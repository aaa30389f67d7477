use consign_oci::Digest;
use consign_oci::layer::LayerError;
use consign_oci::layer::{EntryPath, EntryPathError};
use std::io;
use std::path::PathBuf;

/// An image whose contents cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// A blob that is no layer.
    #[error("`{media_type}` is not a layer type that consign reads")]
    MediaType {
        /// What was stated.
        media_type: String,
    },
    /// A layer that cannot be read or decompressed.
    #[error("the layer cannot be read")]
    Read {
        /// What is wrong.
        #[from]
        source: io::Error,
    },
    /// A folder that cannot be read.
    #[error("the folder {} cannot be read", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// A file that went into a layer and cannot be read.
    #[error("the contents of `{path}` cannot be read")]
    Contents {
        /// Where it stands in the image.
        path: EntryPath,
        /// What is wrong.
        source: io::Error,
    },
    /// A layer that is not a tar stream.
    #[error("the layer is not a tar stream: at byte {offset}, {reason}")]
    Archive {
        /// Bytes of the uncompressed layer before the fault.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// Layers that hold more than any image does.
    #[error("the layers of all platforms hold more than {limit} bytes")]
    Size {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// Layers that hold far more than they take as they lie, or are listed again and again.
    #[error("the layers of all platforms take {stored} bytes, each once, and hold more than {limit}")]
    Expansion {
        /// What was read of them as they lie, in bytes.
        stored: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// An image of more layers than any engine runs.
    #[error("the image has {count} layers, and at most {limit} are read")]
    Layers {
        /// How many it has.
        count: usize,
        /// The most that are read.
        limit: usize,
    },
    /// An image whose manifest and config do not agree.
    #[error("the image has {count} layers, but its config lists {listed}")]
    Listed {
        /// Layers of the manifest.
        count: usize,
        /// Layers of the config.
        listed: usize,
    },
    /// A layer that holds something else than the config says.
    #[error("uncompressed, the layer {layer} has the digest {found}, but the config says {stated}")]
    DiffId {
        /// The layer.
        layer: Digest,
        /// The digest in the config.
        stated: Digest,
        /// The digest of what it holds.
        found: Digest,
    },
    /// Nobody waits for the list any more.
    #[error("the layers are no longer read")]
    Ended,
    /// A layer with a name that leads out of the image.
    #[error("the layer has an entry that no image may have")]
    Path {
        /// What is wrong.
        #[from]
        source: EntryPathError,
    },
    /// An image of which more is to be kept than of any.
    #[error("the names of the files in the layers, and what the files say of packages, take more than {limit} bytes")]
    Notes {
        /// The most that is kept, in bytes.
        limit: u64,
    },
    /// Images of more packages than any.
    #[error("all platforms together have more than {limit} packages")]
    Packages {
        /// The most that are listed.
        limit: usize,
    },
    /// An image with more links than can be followed.
    #[error("the image's links take more than {limit} bytes")]
    Links {
        /// The most that is kept, in bytes.
        limit: usize,
    },
    /// An image whose links and whiteouts take longer to follow than those of any.
    #[error("the image's links and whiteouts lead to more than {limit} places")]
    Steps {
        /// The most that are looked at.
        limit: u64,
    },
    /// A package database that was not looked at while the layers flowed, so that nothing can be said about it.
    #[error(
        "`{path}` stands at `{place}`, which cannot be listed: it is too large, sparse, or has a name that is not looked for"
    )]
    Unread {
        /// Where the database is expected.
        path: EntryPath,
        /// Where links lead from there.
        place: EntryPath,
    },
    /// A package database that is damaged.
    #[error("`{path}` does not list packages: {reason}")]
    Database {
        /// Where it stands.
        path: EntryPath,
        /// What is wrong.
        reason: String,
    },
}

impl InventoryError {
    /// Returns whether the image is not what it says that it is, or what no engine takes for one.
    pub fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::MediaType { .. }
                | Self::Archive { .. }
                | Self::Size { .. }
                | Self::Expansion { .. }
                | Self::Layers { .. }
                | Self::Listed { .. }
                | Self::DiffId { .. }
                | Self::Path { .. }
                | Self::Steps { .. }
                | Self::Notes { .. }
                | Self::Packages { .. }
        )
    }
}

impl From<LayerError> for InventoryError {
    fn from(error: LayerError) -> Self {
        match error {
            LayerError::Read { source } => Self::Read { source },
            LayerError::Malformed { offset, reason } => Self::Archive { offset, reason },
        }
    }
}
