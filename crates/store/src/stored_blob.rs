use crate::StoreError;
use consign_oci::{Digest, Hasher};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A blob that is being read and hashed. Where its end shows that it is corrupt, that is an error of the kind `InvalidData`, and the blob is
/// removed from the store, so that whoever makes it next puts it anew.
pub struct StoredBlob {
    file: File,
    path: PathBuf,
    digest: Digest,
    size: u64,
    /// `None` once the end was seen.
    hasher: Option<Hasher>,
    /// The digest of the bytes, where it is not the one that was asked for.
    found: Option<Digest>,
}

impl StoredBlob {
    pub(crate) fn new(file: File, path: PathBuf, digest: &Digest) -> Result<Self, StoreError> {
        let size = file.metadata().map_err(StoreError::io("look at", &path))?.len();
        let hasher = Some(Hasher::new(digest.algorithm()));
        Ok(Self { file, path, digest: digest.clone(), size, hasher, found: None })
    }

    /// Returns the number of bytes that there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the file, for those who check its bytes themselves.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Reads what is left, and fails unless all of it is what the digest names.
    pub fn finish(mut self) -> Result<(), StoreError> {
        match io::copy(&mut self, &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Makes an error of one that reading gave.
    pub(crate) fn failure(&self, source: io::Error) -> StoreError {
        match &self.found {
            Some(found) => StoreError::Corrupt { digest: self.digest.clone(), found: found.clone() },
            None => StoreError::Io { action: "read", path: self.path.clone(), source },
        }
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(hasher) = self.hasher.take() {
            let found = hasher.finish();
            if found != self.digest {
                self.found = Some(found);
                // That the bytes are wrong is what the reader must hear, whether or not they can be removed.
                let _ = remove(&self.path, &self.file);
            }
        }
        match &self.found {
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, self.failure(io::ErrorKind::InvalidData.into()))),
            None => Ok(()),
        }
    }
}

impl Read for StoredBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        match &mut self.hasher {
            Some(hasher) if length > 0 => hasher.update(&buffer[..length]),
            _ if length == 0 && !buffer.is_empty() => self.end()?,
            _ => {}
        }
        Ok(length)
    }
}

/// Removes the file at `path` if it is still the one that was read, and not one that another process put there since.
pub(crate) fn remove(path: &Path, read: &File) -> io::Result<()> {
    let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    match fs::symlink_metadata(path) {
        Ok(metadata) if identity(&metadata) == identity(&read.metadata()?) => fs::remove_file(path),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
