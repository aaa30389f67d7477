use std::io;
use std::path::PathBuf;

/// A file on this machine whose contents cannot go into a layer.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// It cannot be opened or read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is a link, a folder, a device, a pipe or a socket.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// What it is about.
        path: PathBuf,
    },
    /// It is not what it was when it was hashed.
    #[error("`{}` changed while it was read: run this again when nothing writes to it", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than what is to be read into memory.
    #[error("`{}` has {size} bytes; at most {limit} are read into memory", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size, in bytes.
        size: u64,
        /// What may be read, in bytes.
        limit: u64,
    },
}

impl From<ContentsError> for io::Error {
    fn from(error: ContentsError) -> Self {
        let kind = match &error {
            ContentsError::Read { source, .. } => source.kind(),
            ContentsError::NotAFile { .. } => io::ErrorKind::InvalidInput,
            ContentsError::Changed { .. } => io::ErrorKind::InvalidData,
            ContentsError::TooLarge { .. } => io::ErrorKind::FileTooLarge,
        };
        Self::new(kind, error)
    }
}
