use crate::StoreError;
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Permission bits by which others than the owner may write.
pub(crate) const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StoreError::io("make the folder", folder))
}

/// Makes a folder that only this user may enter, whatever lies in it; one that is another's is refused.
pub(crate) fn make_closed_folder(folder: &Path) -> Result<(), StoreError> {
    make_folder(folder)?;
    check(folder)?;
    // Somebody may have made it, with the usual permissions, for us.
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(StoreError::io("close", folder))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_folders_are_for_their_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let mode = || fs::metadata(&folder).unwrap().mode() & 0o7777;
        make_closed_folder(&folder).unwrap();
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        make_closed_folder(&folder).unwrap();
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(make_closed_folder(&folder), Err(StoreError::Writable { .. })));
    }
}
