use crate::order::{At, Failure, Step};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// How deep folders are opened inside each other. Deeper ones are moved up first: each takes a descriptor.
const DEPTH: usize = 64;

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), Failure> {
    let path = folder.to_string_lossy();
    let top = match open_folder(CWD, folder.as_os_str().as_encoded_bytes()) {
        Err(Errno::NOENT) => return Ok(()),
        other => other.at_path(Step::Remove, &path)?,
    };
    empty(&top).at_path(Step::Remove, &path)?;
    drop(top);
    unlinkat(CWD, folder, AtFlags::REMOVEDIR).at_path(Step::Remove, &path)
}

/// Removes what is in a folder.
pub(super) fn empty(top: &OwnedFd) -> Result<(), Errno> {
    let mut moved = 0;
    loop {
        let before = moved;
        remove_children(top, top, 0, &mut moved)?;
        if moved == before {
            return Ok(());
        }
    }
}

/// Removes what stands at a name in a folder.
pub(super) fn remove_entry(parent: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    let parent = parent.as_fd();
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR) => {}
        Err(errno) => return Err(errno),
    }
    empty(&open_folder(parent, name)?)?;
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

fn remove_children(folder: &OwnedFd, top: &OwnedFd, depth: usize, moved: &mut u64) -> Result<(), Errno> {
    for name in names(folder)? {
        let stat = statat(folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            unlinkat(folder, name.as_slice(), AtFlags::empty())?;
        } else if depth < DEPTH {
            remove_children(&open_folder(folder, &name)?, top, depth + 1, moved)?;
            unlinkat(folder, name.as_slice(), AtFlags::REMOVEDIR)?;
        } else {
            *moved += 1;
            move_up(folder, &name, top, *moved)?;
        }
    }
    Ok(())
}

/// Moves a folder to the top, under a name that nothing has.
fn move_up(folder: &OwnedFd, name: &[u8], top: &OwnedFd, number: u64) -> Result<(), Errno> {
    for attempt in 0u64.. {
        let free = format!(".removed-{number}-{attempt}");
        match statat(top, free.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return renameat(folder, name, top, free),
            other => drop(other?),
        }
    }
    Ok(())
}

fn open_folder(parent: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    openat(parent, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Returns the names in a folder, in no order.
pub(super) fn names(folder: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(name.to_vec());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn removes_what_is_deep() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::fs::write(&outside, "x").unwrap();
        let tree = folder.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        symlink(&outside, tree.join("link")).unwrap();
        let mut at = open_folder(CWD, tree.as_os_str().as_encoded_bytes()).unwrap();
        for _ in 0..2000 {
            rustix::fs::mkdirat(&at, "a", Mode::RWXU).unwrap();
            at = open_folder(&at, b"a").unwrap();
        }
        drop(at);
        remove(&tree).unwrap();
        assert!(!tree.exists() && outside.exists());
        remove(&tree).unwrap();
    }
}
