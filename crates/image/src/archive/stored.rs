use super::ArchiveImage;
use crate::{ImageError, closure};
use consign_oci::{Descriptor, Hasher};
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Returns everything that an archive holds, in the order of the digests.
pub(super) fn blobs(store: &Store, image: &ArchiveImage) -> Result<Vec<Descriptor>, ImageError> {
    let mut blobs = BTreeMap::new();
    for root in [&image.root].into_iter().chain(&image.referrers) {
        blobs.extend(closure(store, root)?.into_iter().map(|blob| (blob.digest.clone(), blob)));
    }
    Ok(blobs.into_values().collect())
}

/// Checks that the store has all of the image.
pub(super) fn check_present(store: &Store, image: &ArchiveImage) -> Result<(), ImageError> {
    match blobs(store, image)?.into_iter().find(|blob| !store.contains(&blob.digest)) {
        Some(blob) => Err(StoreError::Missing { digest: blob.digest }.into()),
        None => Ok(()),
    }
}

/// Gives a blob's bytes to `write`, and fails unless they are those of the descriptor.
pub(super) fn copy(
    store: &Store,
    blob: &Descriptor,
    write: impl FnOnce(&mut dyn Read) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let (place, digest) = ("the store".to_owned(), blob.digest.clone());
    let file = store.open_blob(&digest)?;
    let path = store.path(&digest);
    let found = file.metadata().map_err(|source| ImageError::Io { action: "look at", path, source })?.len();
    if found != blob.size {
        return Err(ImageError::Size { place, digest, found, stated: blob.size });
    }
    let mut reader = Hashed { inner: file.take(blob.size), hasher: Hasher::new(digest.algorithm()) };
    write(&mut reader)?;
    if reader.hasher.finish() != digest {
        return Err(ImageError::Mismatch { place, digest });
    }
    Ok(())
}

struct Hashed<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}
