use crate::StoreError;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// Permission bits by which others than the owner may write.
pub(crate) const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StoreError::io("make the folder", folder))
}

/// Fails unless the folder is this user's, and nobody else may write to it.
pub(crate) fn check(folder: &Path) -> Result<(), StoreError> {
    let metadata = fs::metadata(folder).map_err(StoreError::io("look at", folder))?;
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(StoreError::Owner { path: folder.to_owned(), owner: metadata.uid(), user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(StoreError::Writable { path: folder.to_owned(), mode });
    }
    Ok(())
}
