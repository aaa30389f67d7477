use rustix::fs::{CWD, Dir, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{self, Errno};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Opens a folder by a path that may lead through links. What is no folder is not opened: a pipe would wait for somebody.
pub(super) fn root(path: &Path) -> io::Result<OwnedFd> {
    openat(CWD, path, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())
}

/// Opens a folder below another, by its path there. No part of the path is followed that is a link, or has become one meanwhile.
pub(super) fn folder(root: &OwnedFd, path: &[u8]) -> io::Result<OwnedFd> {
    if path.is_empty() {
        return openat(root, ".", FOLDER, Mode::empty());
    }
    match openat2(root, path, FOLDER, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS) {
        // Old kernels and some containers do not have this call.
        Err(Errno::NOSYS | Errno::PERM) => in_steps(root, path),
        opened => opened,
    }
}

/// Opens it by one part after the other.
fn in_steps(root: &OwnedFd, path: &[u8]) -> io::Result<OwnedFd> {
    let mut folder = openat(root, ".", FOLDER, Mode::empty())?;
    for part in path.split(|byte| *byte == b'/') {
        folder = openat(&folder, part, FOLDER, Mode::empty())?;
    }
    Ok(folder)
}

/// Opens a file in a folder; a link in its place is an error. Opening a pipe waits for nobody.
pub(super) fn file(folder: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    openat(folder, name, flags, Mode::empty())
}

/// Returns the names in a folder, sorted; `None`: they take more than `limit` bytes.
pub(super) fn names(folder: impl AsFd, limit: usize) -> io::Result<Option<Vec<Vec<u8>>>> {
    let (mut names, mut size) = (Vec::new(), 0);
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            size += size_of::<Vec<u8>>() + name.len();
            if size > limit {
                return Ok(None);
            }
            names.push(name.to_vec());
        }
    }
    names.sort();
    Ok(Some(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_is_followed() {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir_all(outer.path().join("root/a/b")).unwrap();
        fs::write(outer.path().join("root/a/b/file"), "x").unwrap();
        symlink("a", outer.path().join("root/inside")).unwrap();
        symlink(outer.path(), outer.path().join("root/a/outside")).unwrap();
        symlink("b/file", outer.path().join("root/a/link")).unwrap();
        symlink("root", outer.path().join("link")).unwrap();
        let root = root(&outer.path().join("link")).unwrap();
        for open in [folder, in_steps] {
            let b = open(&root, b"a/b").unwrap();
            assert_eq!(names(&b, 100).unwrap().unwrap(), [b"file"]);
            assert_eq!(names(&b, 10).unwrap(), None);
            assert!(file(&b, b"file").is_ok());
            for path in ["inside", "inside/b", "a/outside", "a/outside/root", "a/link", "a/b/file", "absent"] {
                assert!(open(&root, path.as_bytes()).is_err(), "{path}");
            }
        }
        assert_eq!(file(&folder(&root, b"a").unwrap(), b"link").unwrap_err(), Errno::LOOP);
        assert_eq!(names(folder(&root, b"").unwrap(), 100).unwrap().unwrap(), [&b"a"[..], b"inside"]);
    }
}
