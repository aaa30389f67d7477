use crate::Store;
use consign_oci::{DOCUMENT_LIMIT, Digest};
use std::fs::{self, File};
use std::io::{self, Read};

/// What a look at a blob shows.
pub(crate) enum Looked {
    /// The bytes, which are those of the digest.
    Bytes(Vec<u8>),
    /// It is not there.
    Missing,
    /// It is corrupt, or larger than any manifest, or cannot be read.
    Other,
}

impl Store {
    /// Looks at a manifest, and leaves it where it is even if it is corrupt.
    pub(crate) fn look(&self, digest: &Digest) -> Looked {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Looked::Missing,
            Err(_) => return Looked::Other,
        };
        let mut bytes = Vec::new();
        match file.take(DOCUMENT_LIMIT + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 <= DOCUMENT_LIMIT && digest.matches(&bytes) => Looked::Bytes(bytes),
            _ => Looked::Other,
        }
    }

    /// Returns how many bytes a blob has, if it is there.
    pub(crate) fn size(&self, digest: &Digest) -> Option<u64> {
        let metadata = fs::metadata(self.path(digest)).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}
