use super::ArchiveImage;
use crate::{ImageError, closure};
use consign_oci::Descriptor;
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::io::Read;

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
    let mut reader = store.open_blob(&blob.digest)?;
    if reader.size() != blob.size {
        let (place, digest, found) = ("the store".to_owned(), blob.digest.clone(), reader.size());
        // If it is not the descriptor that is wrong, it is the blob.
        reader.finish()?;
        return Err(ImageError::Size { place, digest, found, stated: blob.size });
    }
    let written = write(&mut reader);
    reader.finish()?;
    written
}
