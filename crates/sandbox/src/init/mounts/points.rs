use super::resolve::resolve;
use crate::init::xattr;
use crate::order::{At, Failure, Step};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, chmodat, chownat, fstat, mkdirat,
    openat, statat, utimensat,
};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};

/// Makes what is missing in `view` for something to be mounted at the targets, folders or files, in `folder`: stacked on the view, it completes it. Folders on
/// the way that are there already look in it as they do in the view.
pub(in crate::init) fn complete(view: &OwnedFd, folder: &OwnedFd, targets: &[(&str, bool)]) -> Result<(), Failure> {
    let mut there = BTreeMap::new();
    for (target, is_folder) in targets {
        complete_one(view, folder, target, *is_folder, &mut there).at_path(Step::Mount, target)?;
    }
    // Deepest first, since it changes the time of the folder above.
    for (path, stat) in there.iter().rev() {
        imitate(view, folder, path, stat).at(Step::Mount)?;
    }
    Ok(())
}

fn complete_one(
    view: &OwnedFd,
    folder: &OwnedFd,
    target: &str,
    is_folder: bool,
    there: &mut BTreeMap<Vec<u8>, Stat>,
) -> Result<(), Errno> {
    let parts = resolve(view, target.as_bytes())?;
    if parts.is_empty() || find(view, &parts.join(&b'/'))?.is_some() {
        return Ok(());
    }
    for length in 0..parts.len() {
        let path = if length == 0 { b".".to_vec() } else { parts[..length].join(&b'/') };
        match mkdirat(folder, path.as_slice(), Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        match find(view, &path)? {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => return Err(Errno::NOTDIR),
            Some(stat) => drop(there.entry(path).or_insert(stat)),
            None => {}
        }
    }
    let path = parts.join(&b'/');
    let made = if is_folder {
        mkdirat(folder, path.as_slice(), Mode::from_raw_mode(0o755))
    } else {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(folder, path.as_slice(), flags, Mode::from_raw_mode(0o644)).map(drop)
    };
    match made {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

fn find(view: &OwnedFd, path: &[u8]) -> Result<Option<Stat>, Errno> {
    match statat(view, path, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Gives a folder the owner, mode, attributes and time that it has in the view.
fn imitate(view: &OwnedFd, folder: &OwnedFd, path: &[u8], stat: &Stat) -> Result<(), Errno> {
    let open = |root: &OwnedFd| openat(root, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    dress(&open(folder)?, &open(view)?, stat)
}

/// Gives a folder the owner, mode, attributes and time of another.
pub(super) fn copy_look(to: &OwnedFd, from: &OwnedFd) -> Result<(), Failure> {
    fstat(from).and_then(|stat| dress(to, from, &stat)).at(Step::Layer)
}

fn dress(to: &OwnedFd, from: &OwnedFd, stat: &Stat) -> Result<(), Errno> {
    let path = format!("/proc/self/fd/{}", to.as_raw_fd());
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    chownat(CWD, path.as_str(), Some(uid), Some(gid), AtFlags::empty())?;
    chmodat(CWD, path.as_str(), Mode::from_raw_mode(stat.st_mode & 0o7777), AtFlags::empty())?;
    for name in xattr::names(from)? {
        // What the overlay keeps for itself is not to be seen by it twice.
        if let Some(value) = xattr::get(from, &name)?.filter(|_| !name.starts_with(b"user.overlay.")) {
            // A file system in memory does not have every kind.
            let _ = xattr::set(to, &name, &value);
        }
    }
    let times = Timestamps {
        last_access: Timespec { tv_sec: stat.st_atime, tv_nsec: i64::try_from(stat.st_atime_nsec).unwrap_or(0) },
        last_modification: Timespec { tv_sec: stat.st_mtime, tv_nsec: i64::try_from(stat.st_mtime_nsec).unwrap_or(0) },
    };
    utimensat(CWD, path.as_str(), &times, AtFlags::empty())
}
