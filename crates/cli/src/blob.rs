//! Files that are signed or verified, given as such or by their digests.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::input;
use crate::reading::{read_at_most, read_bytes};
use consign_oci::Digest;
use consign_trust::Artifact;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Largest file that is read, in bytes. Of larger ones the digest can be given.
const LIMIT: u64 = 1 << 30;

/// A file, or its digest.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    /// A file; `-` is standard input.
    File(PathBuf),
    /// What has this digest.
    Digest(Digest),
}

impl FromStr for Blob {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = text.starts_with("sha256:").then(|| text.parse().ok()).flatten();
        Ok(digest.map_or_else(|| Self::File(text.into()), Self::Digest))
    }
}

impl fmt::Display for Blob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Digest(digest) => digest.fmt(formatter),
        }
    }
}

/// What was read of it.
pub(crate) enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Nothing: only its digest is known.
    Digest(Digest),
}

impl Blob {
    /// Reads the file, if it is one.
    pub(crate) fn read(&self) -> Result<Content, CommandError> {
        match self {
            Self::File(path) => read(path).map(Content::Bytes),
            Self::Digest(digest) => Ok(Content::Digest(digest.clone())),
        }
    }
}

impl Content {
    pub(crate) fn artifact(&self) -> Artifact<'_> {
        match self {
            Self::Bytes(bytes) => Artifact::Bytes(bytes),
            Self::Digest(digest) => Artifact::Digest(digest),
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => Digest::of(bytes),
            Self::Digest(digest) => digest.clone(),
        }
    }
}

/// Reads a file whole; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let bytes = match path == Path::new("-") {
        true => read_at_most(input::take().lock(), LIMIT),
        false => read_bytes(path, LIMIT),
    };
    bytes.map_err(|error| {
        let is_large = error.kind() == io::ErrorKind::FileTooLarge;
        let error = CommandError::new(ExitCode::Failed, format!("cannot read {}", path.display())).cause(error);
        if is_large { error.hint("give its digest instead: `sha256:HEX`") } else { error }
    })
}
