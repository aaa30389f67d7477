use super::tar_file::{MARKER_TEXT, json, partial_file};
use super::{ArchiveImage, stored};
use crate::layout::{INDEX, MANIFEST_LIMIT, MARKER, blob_name, tag_of};
use crate::{Form, ImageError, Layout, LayoutProblem};
use consign_oci::{Descriptor, Digest, Hasher, Index, Tag};
use consign_store::Store;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Where most blobs lie.
const BLOBS: &str = "blobs/sha256";

/// Adds an image to the layout in a folder, which is made where there is none.
pub(super) fn write(store: &Store, image: &ArchiveImage, tag: Option<&Tag>, folder: &Path) -> Result<(), ImageError> {
    let failed = |action| move |source| ImageError::Io { action, path: folder.to_owned(), source };
    list(image, tag, folder, || {
        for blob in stored::blobs(store, image)? {
            let place = folder.join(blob_name(&blob.digest));
            if !is_there(&place, &blob) {
                put(folder, &place, |file| {
                    stored::copy(store, &blob, |bytes| io::copy(bytes, file).map(drop).map_err(failed("write to")))
                })?;
            }
        }
        Ok(())
    })
}

/// Adds an image to the list of a layout in a folder once `blobs` has brought all that it names.
///
/// The list is written last, when all is on the disk: whoever reads sees the old layout or the new one.
pub(crate) fn list(
    image: &ArchiveImage,
    tag: Option<&Tag>,
    folder: &Path,
    blobs: impl FnOnce() -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let failed = |action| move |source| ImageError::Io { action, path: folder.to_owned(), source };
    fs::create_dir_all(folder.join(BLOBS)).map_err(failed("make a layout in"))?;
    let _lock = lock(folder)?;
    let index = merged(image, tag, folder)?;
    blobs()?;
    if fs::read(folder.join(MARKER)).ok().as_deref() != Some(MARKER_TEXT) {
        put(folder, &folder.join(MARKER), |file| file.write_all(MARKER_TEXT).map_err(failed("write to")))?;
    }
    for flushed in [&folder.join(BLOBS), folder] {
        File::open(flushed).and_then(|folder| folder.sync_all()).map_err(failed("flush"))?;
    }
    write_index(&index, folder)
}

/// Takes a manifest off the list of the layout in a folder. Its blobs stay: others may have them too.
pub(crate) fn unlist(digest: &Digest, folder: &Path) -> Result<(), ImageError> {
    let _lock = lock(folder)?;
    let mut index = Layout::folder(folder)?.index().clone();
    index.manifests.retain(|listed| listed.digest != *digest);
    write_index(&index, folder)
}

/// Waits until nobody else writes to the layout in a folder: two that do at once would each forget what the other lists.
fn lock(folder: &Path) -> Result<File, ImageError> {
    let failed = |action| move |source| ImageError::Io { action, path: folder.to_owned(), source };
    let lock = File::open(folder).map_err(failed("open"))?;
    lock.lock().map_err(failed("lock"))?;
    Ok(lock)
}

fn write_index(index: &Index, folder: &Path) -> Result<(), ImageError> {
    let failed = |source| ImageError::Io { action: "write to", path: folder.to_owned(), source };
    let bytes = json(index, folder)?;
    put(folder, &folder.join(INDEX), |file| file.write_all(&bytes).map_err(failed))
}

/// Returns the list of what the folder has and the image. A folder with a list that cannot be read is refused, not overwritten.
fn merged(image: &ArchiveImage, tag: Option<&Tag>, folder: &Path) -> Result<Index, ImageError> {
    let new = image.all(tag);
    if !folder.join(INDEX).exists() {
        return Ok(Index::new(new));
    }
    let layout = Layout::folder_for(folder, tag)?;
    let gives_way = |old: &Descriptor| {
        let replaced = tag_of(old).as_ref() == tag && layout.is_named(&old.digest);
        let listed_better = tag_of(old).is_none() && new.iter().any(|new| new.digest == old.digest);
        replaced || listed_better
    };
    let mut index = layout.index().clone();
    index.manifests.retain(|old| !gives_way(old));
    index.manifests.extend(new);
    if index.manifests.len() > MANIFEST_LIMIT {
        let problem = LayoutProblem::Full { limit: MANIFEST_LIMIT };
        return Err(ImageError::NotALayout { path: folder.to_owned(), form: Form::Layout, problem });
    }
    Ok(index)
}

/// Returns whether the file has the blob's bytes.
pub(crate) fn is_there(path: &Path, blob: &Descriptor) -> bool {
    let mut hasher = Hasher::new(blob.digest.algorithm());
    let is_same_size = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == blob.size);
    is_same_size
        && File::open(path).and_then(|mut file| io::copy(&mut file, &mut hasher)).is_ok()
        && hasher.finish() == blob.digest
}

/// Puts a file in its place, flushed to the disk, when all of it is written.
pub(crate) fn put(
    folder: &Path,
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let failed = |source| ImageError::Io { action: "write", path: path.to_owned(), source };
    let mut partial = partial_file(folder).map_err(failed)?;
    write(partial.as_file_mut())?;
    partial.as_file().sync_all().map_err(failed)?;
    partial.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
