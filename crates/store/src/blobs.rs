use crate::{Store, StoreError, atomic};
use consign_oci::{Digest, Hasher};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

impl Store {
    /// Returns where the blob is, or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm().name()).join(digest.hex())
    }

    /// Returns whether the blob is there. Its bytes are not looked at.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Keeps bytes and returns their digest.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if !self.contains(&digest) {
            atomic::write_file(&self.root.join("partial"), &self.path(&digest), bytes)?;
        }
        Ok(digest)
    }

    /// Starts a blob whose bytes come in pieces.
    pub fn writer(&self) -> Result<BlobWriter, StoreError> {
        let partial = self.root.join("partial");
        let file = tempfile::NamedTempFile::new_in(&partial).map_err(StoreError::io("make a file in", &partial))?;
        Ok(BlobWriter { store: self.clone(), file, hasher: Hasher::default(), size: 0 })
    }

    /// Opens a blob. Its bytes are not checked: whoever reads them hashes them.
    pub fn open_blob(&self, digest: &Digest) -> Result<File, StoreError> {
        let path = self.path(digest);
        File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { digest: digest.clone() },
            _ => StoreError::Io { action: "open", path, source },
        })
    }

    /// Reads a blob of at most `limit` bytes and checks them against its digest.
    pub fn read(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, StoreError> {
        let file = self.open_blob(digest)?;
        let path = self.path(digest);
        let size = file.metadata().map_err(StoreError::io("look at", &path))?.len();
        if size > limit {
            return Err(StoreError::TooLarge { digest: digest.clone(), size, limit });
        }
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(StoreError::io("read", &path))?;
        if digest.matches(&bytes) {
            return Ok(bytes);
        }
        Err(StoreError::Corrupt { digest: digest.clone(), found: Digest::of(&bytes) })
    }
}

/// A blob that is being written. It is in the store only after [`BlobWriter::commit`]; dropped, it leaves nothing.
pub struct BlobWriter {
    store: Store,
    file: tempfile::NamedTempFile,
    hasher: Hasher,
    size: u64,
}

impl BlobWriter {
    /// Keeps the blob and returns its digest and size in bytes. With `expected`, bytes of another digest are thrown away.
    pub fn commit(self, expected: Option<&Digest>) -> Result<(Digest, u64), StoreError> {
        let digest = self.hasher.finish();
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(StoreError::Unexpected { expected: expected.clone(), found: digest });
        }
        if !self.store.contains(&digest) {
            atomic::persist(self.file, &self.store.path(&digest))?;
        }
        Ok((digest, self.size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
