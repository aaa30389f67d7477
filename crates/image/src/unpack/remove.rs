use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, chmodat, openat, statat, unlinkat};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Says whether a name in a folder is to be kept.
pub(super) type Keep<'a> = dyn FnMut(&OwnedFd, &[u8]) -> bool + 'a;

/// Opens a folder, without following a link in its name, to list it and to work in it.
pub(super) fn open_folder(parent: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    openat(parent, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Removes what stands at `name` in a folder, except what `keep` wants kept, and folders that hold such.
pub(super) fn remove_entry(parent: impl AsFd, name: &[u8], keep: &mut Keep<'_>) -> io::Result<()> {
    let parent = parent.as_fd();
    let stat = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Ok(unlinkat(parent, name, AtFlags::empty())?);
    }
    if stat.st_mode & 0o700 != 0o700 {
        chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
    }
    remove_children(&open_folder(parent, name)?, keep)?;
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOTEMPTY) => Ok(()),
        other => Ok(other?),
    }
}

/// Removes what is in a folder, except what `keep` wants kept. Of folders that are kept, only the contents that are not to be kept are removed.
pub(super) fn remove_children(folder: &OwnedFd, keep: &mut Keep<'_>) -> io::Result<()> {
    for name in names(folder)? {
        if !keep(folder, &name) {
            remove_entry(folder, &name, keep)?;
        } else {
            remove_in_kept(folder, &name, keep)?;
        }
    }
    Ok(())
}

/// Removes, of something that is kept, the contents that are not to be kept, if it is a folder.
pub(super) fn remove_in_kept(parent: &OwnedFd, name: &[u8], keep: &mut Keep<'_>) -> io::Result<()> {
    match open_folder(parent, name) {
        Ok(folder) => remove_children(&folder, keep),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn names(folder: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
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
