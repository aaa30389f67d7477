//! Extended attributes (xattr(7)) of what a descriptor stands for, also one that was opened for its path alone.

use rustix::buffer::spare_capacity;
use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};
use rustix::io::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Most bytes of an attribute, and of all names of a file's attributes (limits.h, `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`).
const LIMIT: usize = 64 << 10;

fn path(file: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Returns the names of all attributes, sorted; none where the file system has none.
pub(super) fn names(file: impl AsFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut list = Vec::with_capacity(LIMIT);
    match listxattr(path(file.as_fd()), spare_capacity(&mut list)) {
        Ok(_) => {}
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Err(errno) => return Err(errno),
    }
    let mut names: Vec<Vec<u8>> =
        list.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
    names.sort();
    Ok(names)
}

/// Returns an attribute, if it is there.
pub(super) fn get(file: impl AsFd, name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = Vec::with_capacity(LIMIT);
    match getxattr(path(file.as_fd()), name, spare_capacity(&mut value)) {
        Ok(_) => Ok(Some(value)),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Sets an attribute.
pub(super) fn set(file: impl AsFd, name: &[u8], value: &[u8]) -> Result<(), Errno> {
    setxattr(path(file.as_fd()), name, value, XattrFlags::empty())
}
