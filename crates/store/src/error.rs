use consign_oci::Digest;
use std::io;
use std::path::{Path, PathBuf};

/// A store that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
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
    /// A blob is not there.
    #[error("the store has no blob {digest}")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// A blob's bytes are not those that its name promises.
    #[error("blob {digest} in the store is corrupt: its bytes have the digest {found}")]
    Corrupt {
        /// Its name.
        digest: Digest,
        /// The digest of its bytes.
        found: Digest,
    },
    /// Bytes came that are not those that were announced.
    #[error("expected bytes with the digest {expected}, got {found}")]
    Unexpected {
        /// What was announced.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// A blob is larger than its reader allows.
    #[error("blob {digest} has {size} bytes, more than the {limit} allowed here")]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// A name that cannot be kept.
    #[error("`{name}` is not a name for the store: letters, digits and `._-/:@` only, no `..`, at most 400 characters")]
    Name {
        /// The name.
        name: String,
    },
    /// A record is not the JSON that was written.
    #[error("{} is damaged; it can be deleted safely", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
