//! Opening what is in a tree by its path, without ever following a link.

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// Opens what is at a path below a folder; an empty path is the folder itself.
pub(super) fn open(root: &OwnedFd, path: &[u8], access: OFlags) -> Result<OwnedFd, Errno> {
    let (parent, name) = split(path);
    // A link itself can be opened by its name alone.
    if parent.is_empty() {
        let name = if name.is_empty() { b"." } else { name };
        return openat(root, name, access | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    }
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let parent = openat2(root, parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), resolve)?;
    openat(parent, name, access | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Returns the folder and the last part of a normalized path.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// Returns the path of a name in a folder.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
