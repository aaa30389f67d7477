use consign_oci::{Digest, DocumentError, Tag};
use consign_registry::{ErrorKind, RegistryError};
use consign_store::StoreError;
use std::io;
use std::path::PathBuf;

/// An image that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Something that is referred to is not there.
    #[error("{place} has no {digest}")]
    Missing {
        /// Where it was looked for.
        place: String,
        /// What was looked for.
        digest: Digest,
    },
    /// Bytes are not those that the digest promises.
    #[error("{place}: the bytes of {digest} do not match their digest")]
    Mismatch {
        /// Where they lie.
        place: String,
        /// What they were to be.
        digest: Digest,
    },
    /// A document is larger than any should be.
    #[error("{place}: {digest} has {size} bytes, more than the {limit} allowed here")]
    TooLarge {
        /// Where it lies.
        place: String,
        /// Its digest.
        digest: Digest,
        /// Its size in bytes, as stated.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// Bytes that are not a manifest.
    #[error("{place}: {digest} is not a manifest")]
    Document {
        /// Where it lies.
        place: String,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A layout with several images, and no tag that says which.
    #[error("{place} holds {} images; name one: {}", .tags.len(), list(tags))]
    Ambiguous {
        /// Where they lie.
        place: String,
        /// Their tags.
        tags: Vec<Tag>,
    },
    /// A folder or file that is not an OCI layout.
    #[error("{} is not an OCI layout: {reason}", path.display())]
    NotALayout {
        /// The folder or file.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The registry refused or cannot be reached.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an error says about the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Bytes are there, and are not those that the digest promises.
    Altered,
    /// Something that is referred to is not there.
    Missing,
    /// The promised bytes are there, and are not what they should be.
    Malformed,
    /// Nothing: it could not be read or fetched.
    Unavailable,
}

impl ImageError {
    /// Makes an error of a registry's answer to a question for `digest`.
    pub(crate) fn of_registry(place: String, digest: Digest, error: RegistryError) -> Self {
        match error {
            RegistryError::Mismatch { .. } => Self::Mismatch { place, digest },
            RegistryError::Document { source, .. } => Self::Document { place, digest, source },
            error if error.kind() == ErrorKind::NotFound => Self::Missing { place, digest },
            error => Self::Registry(error),
        }
    }

    /// Returns what the error says about the image.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Mismatch { .. } | Self::Store(StoreError::Corrupt { .. } | StoreError::Unexpected { .. }) => {
                Trouble::Altered
            }
            Self::Missing { .. } | Self::Store(StoreError::Missing { .. }) => Trouble::Missing,
            Self::Document { .. } | Self::TooLarge { .. } | Self::Store(StoreError::TooLarge { .. }) => {
                Trouble::Malformed
            }
            Self::Ambiguous { .. } | Self::NotALayout { .. } | Self::Io { .. } | Self::Registry(_) | Self::Store(_) => {
                Trouble::Unavailable
            }
        }
    }
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ")
}
