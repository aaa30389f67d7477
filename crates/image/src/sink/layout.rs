use super::pour;
use crate::archive::folder::{is_there, put};
use crate::layout::blob_name;
use crate::{ImageError, Place, Pushed};
use consign_oci::{Descriptor, Digest, Document};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) async fn put_blob(folder: &Path, blob: &Descriptor, source: &Place) -> Result<Pushed, ImageError> {
    let path = place_of(folder, &blob.digest)?;
    if is_there(&path, blob) {
        return Ok(Pushed::Existed);
    }
    let failed = |source| ImageError::Io { action: "write", path: path.clone(), source };
    let mut partial = crate::archive::partial_file(folder).map_err(failed)?;
    pour(source, blob, partial.as_file_mut(), &path).await?;
    // The disk may take its time: other blobs arrive meanwhile, and it writes several at once.
    let place = path.clone();
    let flush = move || partial.as_file().sync_all().and_then(|()| partial.persist(place).map_err(|error| error.error));
    let flushed = tokio::task::spawn_blocking(flush).await;
    flushed.map_err(io::Error::other).flatten().map_err(failed)?;
    Ok(Pushed::Uploaded)
}

pub(super) fn put_bytes(folder: &Path, blob: &Descriptor, bytes: &[u8]) -> Result<Pushed, ImageError> {
    let path = place_of(folder, &blob.digest)?;
    if is_there(&path, blob) {
        return Ok(Pushed::Existed);
    }
    let failed = |source| ImageError::Io { action: "write", path: path.clone(), source };
    put(folder, &path, |file| file.write_all(bytes).map_err(failed))?;
    Ok(Pushed::Uploaded)
}

pub(super) fn has_blob(folder: &Path, blob: &Descriptor) -> bool {
    is_there(&folder.join(blob_name(&blob.digest)), blob)
}

pub(super) fn put_document(folder: &Path, document: &Document, digest: &Digest) -> Result<(), ImageError> {
    let path = place_of(folder, digest)?;
    let failed = |source| ImageError::Io { action: "write", path: path.clone(), source };
    put(folder, &path, |file| file.write_all(document.bytes()).map_err(failed))
}

/// Returns where a blob lies, in a folder that is there.
fn place_of(folder: &Path, digest: &Digest) -> Result<PathBuf, ImageError> {
    let path = folder.join(blob_name(digest));
    let failed = |source| ImageError::Io { action: "make a layout in", path: folder.to_owned(), source };
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    Ok(path)
}
