use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, chmodat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Removes a folder with everything in it, as hostile as that may be: folders that their owner may not write to, trees of any depth.
///
/// No link is followed. Folders in folders are moved to the top before they are emptied, so that neither stack nor descriptors run out.
pub(crate) fn remove_tree(root: &Path) -> io::Result<()> {
    let Some(top) = open_folder(CWD, root.as_os_str().as_encoded_bytes())? else { return Ok(()) };
    let mut pending = names(&top)?;
    let mut moved = 0;
    while let Some(name) = pending.pop() {
        if remove_leaf(&top, &name)? {
            continue;
        }
        let Some(folder) = open_folder(&top, name.as_bytes())? else { continue };
        for child in names(&folder)? {
            if !remove_leaf(&folder, &child)? {
                pending.push(move_up(&folder, &child, &top, &mut moved)?);
            }
        }
        ignore_absence(unlinkat(&top, &name, AtFlags::REMOVEDIR))?;
    }
    Ok(ignore_absence(unlinkat(CWD, root, AtFlags::REMOVEDIR))?)
}

/// Removes anything but a folder with something in it; returns whether it did.
fn remove_leaf(folder: &OwnedFd, name: &CString) -> io::Result<bool> {
    match ignore_absence(unlinkat(folder, name, AtFlags::empty())) {
        Ok(()) => return Ok(true),
        Err(Errno::ISDIR) => {}
        Err(errno) => return Err(errno.into()),
    }
    match ignore_absence(unlinkat(folder, name, AtFlags::REMOVEDIR)) {
        Ok(()) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Moves a folder to the top, under a name that is free there, and returns that.
fn move_up(folder: &OwnedFd, name: &CString, top: &OwnedFd, moved: &mut u64) -> io::Result<CString> {
    // Where a folder says what is above it is in the folder itself, which must be writable for that.
    make_accessible(folder, name.as_bytes())?;
    loop {
        let free = CString::new(moved.to_string())?;
        *moved += 1;
        match renameat(folder, name, top, &free) {
            Ok(()) => return Ok(free),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Opens a folder, without following a link in its name, to list it and to work in it; `None` if it is not there.
fn open_folder(parent: impl AsFd, name: &[u8]) -> io::Result<Option<OwnedFd>> {
    let parent = parent.as_fd();
    if !make_accessible(parent, name)? {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(Some(openat(parent, name, flags, Mode::empty())?))
}

/// Lets the owner of a folder list it and write to it; returns whether it is there.
fn make_accessible(parent: impl AsFd, name: &[u8]) -> io::Result<bool> {
    let parent = parent.as_fd();
    let stat = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(false),
        other => other?,
    };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && stat.st_mode & 0o700 != 0o700 {
        chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
    }
    Ok(true)
}

fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.as_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

fn ignore_absence(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn removes_what_is_closed_deep_or_looks_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "x").unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::write(root.join("a/b/c/file"), "x").unwrap();
        // Names that the removal itself would choose.
        fs::create_dir_all(root.join("0/0")).unwrap();
        fs::write(root.join("0/0/1"), "x").unwrap();
        fs::write(root.join("1"), "x").unwrap();
        symlink(&outside, root.join("a/link")).unwrap();
        symlink("nowhere", root.join("a/b/dangling")).unwrap();
        for (path, mode) in [("a/b/c", 0o000), ("a/b", 0o100), ("a", 0o555), ("0", 0o000)] {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        remove_tree(&root).unwrap();
        assert!(!root.exists());
        assert!(outside.join("kept").exists());
        remove_tree(&root).unwrap();
    }

    #[test]
    fn removes_trees_deeper_than_there_are_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let mut at = open_folder(CWD, root.as_os_str().as_encoded_bytes()).unwrap().unwrap();
        for _ in 0..5_000 {
            rustix::fs::mkdirat(&at, "deeper", Mode::RWXU).unwrap();
            at = open_folder(&at, b"deeper").unwrap().unwrap();
        }
        remove_tree(&root).unwrap();
        assert!(!root.exists());
    }
}
