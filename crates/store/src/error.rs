use crate::Problem;
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
    /// The store, or a folder of it, belongs to somebody else, who could have put anything there.
    #[error("{} belongs to the user {owner}, not to the user {user} that this runs as", path.display())]
    Owner {
        /// The folder.
        path: PathBuf,
        /// Number of the user that it belongs to.
        owner: u32,
        /// Number of the user that asks.
        user: u32,
    },
    /// Others may write to the store, or to a folder of it.
    #[error("others than its owner may write to {} (its mode is {mode:04o})", path.display())]
    Writable {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody uses the store, so that nothing can be removed from it.
    #[error("{} is in use{}", root.display(), by(processes))]
    InUse {
        /// The store.
        root: PathBuf,
        /// Who does, as far as the kernel tells.
        processes: Vec<u32>,
    },
    /// A blob's bytes are not those that its name promises.
    #[error(
        "blob {digest} in the store is corrupt: its bytes have the digest {found}; it is thrown away, and running again makes it anew"
    )]
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
    /// A record is larger than any that is read.
    #[error("{} would have {size} bytes, more than the {limit} allowed here", path.display())]
    RecordTooLarge {
        /// The file.
        path: PathBuf,
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
    /// What says which blobs are needed cannot be understood.
    #[error("cannot tell what {} needs", path.display())]
    Unclear {
        /// The record.
        path: PathBuf,
        /// What is wrong with it, or with a manifest that it leads to.
        source: Box<Problem>,
    },
    /// A record is not the JSON that was written.
    #[error("{} is damaged", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl StoreError {
    /// Returns what to try next, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Owner { .. } => Some("name a folder of your own with `--store DIR`".to_owned()),
            Self::Writable { path, .. } => Some(format!(
                "if nobody else wrote to it, `chmod go-w {}`; else delete it, and make again what images with a name it held",
                path.display()
            )),
            Self::Unclear { .. } | Self::Record { .. } => {
                Some("`consign store check` tells of everything that is wrong".to_owned())
            }
            Self::InUse { .. } => Some("run this when they have ended, or wait for that with `--wait`".to_owned()),
            _ => None,
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn by(processes: &[u32]) -> String {
    let numbers = processes.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    match processes.len() {
        0 => String::new(),
        1 => format!(" by process {numbers}"),
        _ => format!(" by processes {numbers}"),
    }
}
