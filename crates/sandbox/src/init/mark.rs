//! Marks that lower layers' is removed: devices 0/0. File systems that refuse them, such as an overlay itself, cannot be stacked; there an empty file with an
//! attribute does (Linux, `filesystems/overlayfs.rst`, "Whiteouts and opaque directories").

use super::look::OPAQUE;
use super::xattr;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, mknodat, openat, statat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

const ATTRIBUTE: &[u8] = b"user.overlay.whiteout";
/// What [`OPAQUE`] is for a folder with such files in it (from Linux 6.7 on).
const HAS_MARKS: &[u8] = b"x";

/// Marks a name, at which nothing is, as removed.
pub(super) fn make(folder: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    match mknodat(folder, name, FileType::CharacterDevice, Mode::empty(), 0) {
        Err(Errno::PERM) => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            xattr::set(openat(folder, name, flags, Mode::empty())?, ATTRIBUTE, b"y")?;
            match xattr::get(folder, OPAQUE)? {
                Some(_) => Ok(()),
                None => xattr::set(folder, OPAQUE, HAS_MARKS),
            }
        }
        other => other,
    }
}

/// Returns whether a name, of which this is known, is such a mark.
pub(super) fn is_at(folder: &OwnedFd, name: &[u8], stat: &Stat) -> Result<bool, Errno> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice => Ok(stat.st_rdev == 0),
        FileType::RegularFile if stat.st_size == 0 => {
            let file = openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
            Ok(xattr::get(file, ATTRIBUTE)?.is_some())
        }
        _ => Ok(false),
    }
}

/// Returns whether there is such a mark at a name.
pub(super) fn is_there(folder: &OwnedFd, name: &[u8]) -> Result<bool, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => is_at(folder, name, &stat),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}
