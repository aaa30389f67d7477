use crate::Ids;
use crate::init::beneath::{join, open, split};
use crate::init::look::{Look, is_opaque};
use crate::init::mark;
use crate::init::remove::{empty, names, remove_entry};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, linkat, mkdirat, mknodat, openat, readlinkat, statat, symlinkat,
};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

/// Puts a layer over what a tree holds.
pub(super) fn merge(layer: &OwnedFd, tree: &OwnedFd, ids: &Ids) -> io::Result<()> {
    let mut merger = Merger { layer, tree, ids, folders: BTreeMap::new(), linked: HashMap::new() };
    let mut pending = vec![Vec::new()];
    while let Some(path) = pending.pop() {
        let folder = open(layer, &path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        merger.folders.insert(path.clone(), Look::of(&folder, ids)?);
        for name in names(&folder)? {
            let path = join(&path, &name);
            if merger.put(&folder, &path)? {
                pending.push(path);
            }
        }
    }
    merger.dress_folders()
}

struct Merger<'a> {
    layer: &'a OwnedFd,
    tree: &'a OwnedFd,
    ids: &'a Ids,
    /// Folders and how they look in the end.
    folders: BTreeMap<Vec<u8>, Look>,
    /// First paths of files that have several, by inode.
    linked: HashMap<u64, Vec<u8>>,
}

impl Merger<'_> {
    /// Puts one entry of a layer's folder into the tree. Returns whether it is a folder to go on with.
    fn put(&mut self, folder: &OwnedFd, path: &[u8]) -> io::Result<bool> {
        let (parent, name) = split(path);
        let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let to = open(self.tree, parent, OFlags::PATH | OFlags::DIRECTORY)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            self.put_folder(folder, &to, name)?;
            return Ok(true);
        }
        remove_entry(&to, name)?;
        if !mark::is_at(folder, name, &stat)? {
            self.put_file(folder, &to, path, &stat)?;
        }
        Ok(false)
    }

    fn put_folder(&self, from: &OwnedFd, to: &OwnedFd, name: &[u8]) -> io::Result<()> {
        let present = match statat(to, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(FileType::from_raw_mode(stat.st_mode)),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(errno.into()),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if present == Some(FileType::Directory) {
            if is_opaque(openat(from, name, flags, Mode::empty())?)? {
                empty(&openat(to, name, flags, Mode::empty())?)?;
            }
            return Ok(());
        }
        remove_entry(to, name)?;
        Ok(mkdirat(to, name, Mode::RWXU)?)
    }

    fn put_file(&mut self, from: &OwnedFd, to: &OwnedFd, path: &[u8], stat: &Stat) -> io::Result<()> {
        let (_, name) = split(path);
        if stat.st_nlink > 1 {
            if let Some(first) = self.linked.get(&stat.st_ino) {
                return Ok(linkat(self.tree, first.as_slice(), to, name, AtFlags::empty())?);
            }
            self.linked.insert(stat.st_ino, path.to_vec());
        }
        let source = open(self.layer, path, OFlags::PATH)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let made = match kind {
            FileType::Symlink => {
                symlinkat(readlinkat(&source, c"", Vec::new())?, to, name)?;
                open_path(to, name)?
            }
            FileType::Fifo => {
                mknodat(to, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
                open_path(to, name)?
            }
            FileType::RegularFile => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let mut made = File::from(openat(to, name, flags, Mode::RUSR | Mode::WUSR)?);
                let read = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                io::copy(&mut File::from(openat(from, name, read, Mode::empty())?), &mut made)?;
                made.into()
            }
            // Sockets and devices are in no layer.
            _ => return Ok(()),
        };
        Look::of(&source, self.ids)?.give(&made, kind == FileType::Symlink, self.ids)?;
        Ok(())
    }

    fn dress_folders(self) -> io::Result<()> {
        for (path, look) in &self.folders {
            look.give(open(self.tree, path, OFlags::PATH)?, false, self.ids)?;
        }
        Ok(())
    }
}

fn open_path(folder: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}
