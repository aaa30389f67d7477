use consign_oci::{Digest, DocumentError};
use std::io;
use std::path::PathBuf;

/// Something in the store that is not as it should be.
#[derive(Debug)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
    /// What a repair does about it.
    pub remedy: Remedy,
    /// Whether that was done.
    pub repaired: bool,
}

/// What a repair does about something that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// It removes a file, so that whoever needs it makes it anew.
    Remove,
    /// It makes a file this user's, whose bytes are right, and takes from others the right to write to it.
    Secure,
    /// Nothing: an image can be made again under its name only by whoever gave it that.
    Name,
    /// Nothing: consign did not write the file, or nobody knows what is in it.
    Leave,
}

/// What can be wrong with a file of the store.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The bytes of a blob are not those that its name promises.
    #[error("the bytes are not those that the name promises")]
    Content {
        /// The digest that the name promises.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// The bytes are not those that the sum at the end is of.
    #[error("the bytes are not those that the sum at the end is of")]
    Sum {
        /// The sum at the end.
        expected: String,
        /// The sum of the bytes before it.
        found: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {source}")]
    Unreadable {
        /// Why not.
        source: io::Error,
    },
    /// Nothing of the kind belongs there.
    #[error("nothing that consign writes is called so")]
    Stray,
    /// It is a folder, a link or something stranger.
    #[error("it is not a regular file")]
    Kind,
    /// It belongs to somebody else, who could have put anything there.
    #[error("it belongs to another user")]
    Owner {
        /// Number of the user that it should belong to.
        expected: u32,
        /// Number of the user that it belongs to.
        found: u32,
    },
    /// Others may write to it.
    #[error("others than its owner may write to it")]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
    /// A record is larger than any that is written.
    #[error("it is larger than any record")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: u64,
        /// Its size in bytes.
        size: u64,
    },
    /// A record is not the JSON that it should be.
    #[error("it is not a record: {source}")]
    Record {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A receipt says something else than its name.
    #[error("it names another artifact than its own name does")]
    Name {
        /// What the name of the file says.
        expected: String,
        /// What stands in it.
        found: Digest,
    },
    /// A blob that it needs, itself or through manifests, is not there.
    #[error("a blob that it needs is not there")]
    Missing {
        /// The blob.
        blob: Digest,
    },
    /// A blob that it needs has another size than a descriptor says.
    #[error("a blob that it needs, {blob}, has another size than its descriptor says")]
    Size {
        /// The blob.
        blob: Digest,
        /// What the descriptor says, in bytes.
        expected: u64,
        /// What there is, in bytes.
        found: u64,
    },
    /// A manifest that it needs is none.
    #[error("a manifest that it needs, {blob}, is none: {source}")]
    Document {
        /// The manifest.
        blob: Digest,
        /// What is wrong.
        source: DocumentError,
    },
    /// A manifest that it needs is corrupt or larger than any.
    #[error("a manifest that it needs, {blob}, is corrupt")]
    Manifest {
        /// The manifest.
        blob: Digest,
    },
    /// A manifest that it needs cannot be read.
    #[error("a manifest that it needs, {blob}, cannot be read: {source}")]
    Unread {
        /// The manifest.
        blob: Digest,
        /// Why not.
        source: io::Error,
    },
}

impl Problem {
    /// Returns what should be there, where that can be said.
    pub fn expected(&self) -> Option<String> {
        Some(match self {
            Self::Content { expected, .. } => expected.to_string(),
            Self::Owner { expected, .. } => format!("user {expected}"),
            Self::TooLarge { limit, .. } => format!("at most {limit} bytes"),
            Self::Name { expected, .. } | Self::Sum { expected, .. } => expected.clone(),
            Self::Missing { blob } => blob.to_string(),
            Self::Size { expected, .. } => format!("{expected} bytes"),
            _ => return None,
        })
    }

    /// Returns what is there instead, where that can be said.
    pub fn found(&self) -> Option<String> {
        Some(match self {
            Self::Content { found, .. } | Self::Name { found, .. } => found.to_string(),
            Self::Owner { found, .. } => format!("user {found}"),
            Self::Sum { found, .. } => found.clone(),
            Self::Writable { mode } => format!("mode {mode:04o}"),
            Self::TooLarge { size, .. } => format!("{size} bytes"),
            Self::Size { found, .. } => format!("{found} bytes"),
            _ => return None,
        })
    }
}
