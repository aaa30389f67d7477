use crate::{Store, StoreError, StoredBlob, atomic};
use consign_oci::{Descriptor, Digest, Hasher};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

impl Store {
    /// Returns where the blob is, or would be. Whoever reads its bytes there hashes them, and lets [`Store::check`] see to those that are corrupt.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm().name()).join(digest.hex())
    }

    /// Returns whether the blob is there. Its bytes are not looked at.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Returns whether the blob is there and has the size that its descriptor says. Its bytes are not looked at.
    pub fn has(&self, descriptor: &Descriptor) -> bool {
        let metadata = self.path(&descriptor.digest).metadata();
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == descriptor.size)
    }

    /// Keeps bytes and returns their digest. A corrupt blob in their place is replaced.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        match self.check(&digest) {
            Ok(()) => {}
            Err(StoreError::Missing { .. } | StoreError::Corrupt { .. }) => {
                atomic::write_file(&self.partial(), &self.path(&digest), bytes)?;
            }
            Err(error) => return Err(error),
        }
        Ok(digest)
    }

    /// Starts a blob whose bytes come in pieces.
    pub fn writer(&self) -> Result<BlobWriter, StoreError> {
        let partial = self.partial();
        let file = atomic::new_file(&partial).map_err(StoreError::io("make a file in", &partial))?;
        Ok(BlobWriter { store: self.clone(), file, hasher: Hasher::default(), size: 0 })
    }

    /// Opens a blob. Its bytes are checked while they are read: a reader that comes to the end has read what the digest names.
    pub fn open_blob(&self, digest: &Digest) -> Result<StoredBlob, StoreError> {
        let path = self.path(digest);
        match File::open(&path) {
            Ok(file) => StoredBlob::new(file, path, digest),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::Missing { digest: digest.clone() })
            }
            Err(source) => Err(StoreError::Io { action: "open", path, source }),
        }
    }

    /// Reads a blob of at most `limit` bytes and checks them against its digest.
    pub fn read(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, StoreError> {
        let mut reader = self.open_blob(digest)?;
        let size = reader.size();
        if size > limit {
            return Err(StoreError::TooLarge { digest: digest.clone(), size, limit });
        }
        let mut bytes = Vec::new();
        // One more than is allowed, so that the end is seen unless the file grows meanwhile.
        let read = reader.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| reader.failure(error))?;
        if bytes.len() as u64 > limit {
            return Err(StoreError::TooLarge { digest: digest.clone(), size: bytes.len() as u64, limit });
        }
        Ok(bytes)
    }

    /// Reads a blob and checks it against its digest. One that is corrupt is removed, so that whoever makes it next puts it anew.
    pub fn check(&self, digest: &Digest) -> Result<(), StoreError> {
        self.open_blob(digest)?.finish()
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
        // What is there already may be corrupt, and reading it all costs more than replacing it.
        atomic::persist(self.file, &self.store.path(&digest))?;
        Ok((digest, self.size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let failed = |source: io::Error| {
            let kind = source.kind();
            io::Error::new(kind, StoreError::Io { action: "write to", path: self.file.path().to_owned(), source })
        };
        let written = self.file.as_file().write(bytes).map_err(failed)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
