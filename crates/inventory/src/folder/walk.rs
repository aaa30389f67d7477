use super::{join, kernel, open};
use crate::{Budget, InventoryError};
use rustix::fs::{AtFlags, FileType, Stat, fstat, readlinkat, statat};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Most memory for names of one folder, and for paths of folders that are yet to be entered, each in bytes.
const MEMORY_LIMIT: usize = 128 << 20;

/// What stands somewhere in a folder.
pub(super) enum Found {
    Directory,
    Symlink(Vec<u8>),
    File(File, Metadata),
    /// A device, a pipe or a socket.
    Special,
    Unreadable(io::Error),
}

/// Goes through a folder: what is in one is seen, sorted by name, before what is in those in it. Nothing is followed, and nothing recursive.
pub(super) struct Walk {
    root: OwnedFd,
    /// Folders to be entered, the next one last: the path as it is, as text, and the device that its parent lies on.
    waiting: Vec<(Vec<u8>, String, u64)>,
    waiting_size: usize,
    /// The folder that is gone through.
    current: Option<Current>,
}

struct Current {
    folder: OwnedFd,
    path: Vec<u8>,
    text: String,
    device: u64,
    names: VecDeque<Vec<u8>>,
    /// Folders in it, in order.
    below: Vec<Vec<u8>>,
}

impl Walk {
    /// Opens the folder. Its own path may lead through links.
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        let root = open::root(path)?;
        let device = fstat(&root)?.st_dev;
        let names = open::names(&root, MEMORY_LIMIT)?.ok_or(io::ErrorKind::FileTooLarge)?;
        let current = Current {
            folder: root.try_clone()?,
            path: Vec::new(),
            text: String::new(),
            device,
            names: names.into(),
            below: Vec::new(),
        };
        Ok(Self { root, waiting: Vec::new(), waiting_size: 0, current: Some(current) })
    }

    /// Returns what comes next, with its path as text.
    pub(super) fn next(&mut self, budget: &Budget) -> Result<Option<(String, Found)>, InventoryError> {
        loop {
            budget.check()?;
            if let Some(current) = &mut self.current {
                while let Some(name) = current.names.pop_front() {
                    if let Some(found) = current.see(name) {
                        return Ok(Some(found));
                    }
                }
                self.leave()?;
            }
            let Some((path, text, device)) = self.waiting.pop() else { return Ok(None) };
            self.waiting_size -= size(&path, &text);
            match self.enter(path, &text, device) {
                Ok(current) => self.current = current,
                Err(Refused::Error(errno)) => return Ok(Some((text, Found::Unreadable(errno.into())))),
                Err(Refused::Names) => return Err(InventoryError::Notes { limit: MEMORY_LIMIT as u64 }),
            }
        }
    }

    /// Leaves the folder that is gone through, and waits for those in it.
    fn leave(&mut self) -> Result<(), InventoryError> {
        let Some(Current { path, text, device, below, .. }) = self.current.take() else { return Ok(()) };
        for name in below.into_iter().rev() {
            let text = join(&text, &name);
            let path = if path.is_empty() { name } else { [&path[..], b"/", &name].concat() };
            self.waiting_size += size(&path, &text);
            if self.waiting_size > MEMORY_LIMIT {
                return Err(InventoryError::Notes { limit: MEMORY_LIMIT as u64 });
            }
            self.waiting.push((path, text, device));
        }
        Ok(())
    }

    /// Enters a folder. `None`: nobody looks there.
    fn enter(&self, path: Vec<u8>, text: &str, parent: u64) -> Result<Option<Current>, Refused> {
        let folder = match open::folder(&self.root, &path) {
            // Somebody removed it meanwhile.
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        let device = fstat(&folder)?.st_dev;
        if device != parent && kernel::is_made_up(&folder) {
            return Ok(None);
        }
        let names = open::names(&folder, MEMORY_LIMIT)?.ok_or(Refused::Names)?;
        Ok(Some(Current { folder, path, text: text.to_owned(), device, names: names.into(), below: Vec::new() }))
    }
}

/// Why a folder is not entered.
enum Refused {
    Error(Errno),
    Names,
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Self::Error(errno)
    }
}

impl Current {
    /// Looks at something in the folder. `None`: somebody removed it meanwhile.
    fn see(&mut self, name: Vec<u8>) -> Option<(String, Found)> {
        let text = join(&self.text, &name);
        let found = match statat(&self.folder, &name[..], AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return None,
            Err(errno) => Found::Unreadable(errno.into()),
            Ok(stat) => match self.open(&name, &stat) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                Err(error) => Found::Unreadable(error),
            },
        };
        if let Found::Directory = found {
            self.below.push(name);
        }
        Some((text, found))
    }

    fn open(&self, name: &[u8], stat: &Stat) -> io::Result<Found> {
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Found::Directory,
            FileType::Symlink => Found::Symlink(readlinkat(&self.folder, name, Vec::new())?.into_bytes()),
            FileType::RegularFile => {
                let file = File::from(open::file(&self.folder, name)?);
                let metadata = file.metadata()?;
                // Something else may have taken its place.
                if metadata.is_file() { Found::File(file, metadata) } else { Found::Special }
            }
            _ => Found::Special,
        })
    }
}

fn size(path: &[u8], text: &str) -> usize {
    size_of::<(Vec<u8>, String, u64)>() + path.len() + text.len()
}
