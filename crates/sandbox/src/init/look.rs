//! Owners, modes, times and attributes of unpacked files.

use super::xattr;
use crate::Ids;
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, chmodat, chownat, fstat, utimensat};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd};

/// Marks a folder whose contents in lower layers are hidden (Linux, `filesystems/overlayfs.rst`).
pub(super) const OPAQUE: &[u8] = b"user.overlay.opaque";
/// Before the names of attributes that the overlay keeps for itself.
pub(super) const OVERLAY: &[u8] = b"user.overlay.";
/// The owner that an image gives a file, where the sandbox knows a single id: `UID:GID`.
pub(super) const OWNER: &[u8] = b"user.consign.owner";

/// Attributes that layers carry beside those of users. Others say something of the machine.
const KEPT: [&[u8]; 3] = [b"security.capability", b"system.posix_acl_access", b"system.posix_acl_default"];

/// How something is to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    pub(super) attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Look {
    /// Returns how something looks. Attributes are those that [`Look::give`] would give.
    pub(super) fn of(file: impl AsFd, ids: &Ids) -> Result<Self, Errno> {
        let stat = fstat(file.as_fd())?;
        let mut look = Self {
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: stat.st_mtime,
            attributes: BTreeMap::new(),
        };
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            return Ok(look);
        }
        for name in xattr::names(file.as_fd())? {
            if !name.starts_with(OVERLAY) && (name.starts_with(b"user.") || KEPT.contains(&name.as_slice())) {
                look.attributes.extend(xattr::get(file.as_fd(), &name)?.map(|value| (name, value)));
            }
        }
        let noted = look.attributes.remove(OWNER);
        // Elsewhere it is not ours, whoever wrote it.
        if let Some((uid, gid)) = noted.as_deref().and_then(noted_owner).filter(|_| *ids == Ids::Single) {
            (look.uid, look.gid) = (uid, gid);
        }
        Ok(look)
    }

    /// Makes what a descriptor stands for look so. Returns how many attributes the system did not take.
    pub(super) fn give(&self, file: impl AsFd, is_link: bool, ids: &Ids) -> Result<u64, Errno> {
        let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
        let path = path.as_str();
        if ids.knows(self.uid, self.gid) {
            // Changing the owner takes set-user-id bits and capabilities away, so it comes first.
            chownat(CWD, path, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)), AtFlags::empty())?;
        }
        if !is_link {
            chmodat(CWD, path, Mode::from_raw_mode(self.mode & 0o7777), AtFlags::empty())?;
        }
        let mut refused = 0;
        for (name, value) in &self.attributes {
            // Nobody but this room says what these mean.
            let is_ours = name.starts_with(OVERLAY) || name == OWNER;
            match if is_ours { Err(Errno::PERM) } else { xattr::set(file.as_fd(), name, value) } {
                Ok(()) => {}
                Err(Errno::PERM | Errno::ACCESS | Errno::NOTSUP | Errno::INVAL | Errno::RANGE) => refused += 1,
                Err(errno) => return Err(errno),
            }
        }
        if *ids == Ids::Single && !ids.knows(self.uid, self.gid) {
            let owner = format!("{}:{}", self.uid, self.gid);
            match xattr::set(file.as_fd(), OWNER, owner.as_bytes()) {
                // Links and the like have no such attributes.
                Ok(()) | Err(Errno::PERM) => {}
                Err(errno) => return Err(errno),
            }
        }
        let time = Timespec { tv_sec: self.mtime, tv_nsec: 0 };
        utimensat(CWD, path, &Timestamps { last_access: time, last_modification: time }, AtFlags::empty())?;
        Ok(refused)
    }
}

/// Returns whether a folder hides what lower layers have in it.
pub(super) fn is_opaque(folder: impl AsFd) -> Result<bool, Errno> {
    Ok(xattr::get(folder, OPAQUE)?.as_deref() == Some(b"y"))
}

/// Returns the owner that is noted in an attribute.
pub(super) fn noted_owner(value: &[u8]) -> Option<(u32, u32)> {
    let (uid, gid) = std::str::from_utf8(value).ok()?.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}
