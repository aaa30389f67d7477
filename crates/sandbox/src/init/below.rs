use super::look::is_opaque;
use crate::order::{At, Failure, Step};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// The layers below one.
pub(super) struct Below {
    /// Highest first.
    layers: Vec<OwnedFd>,
}

impl Below {
    pub(super) fn open(lower: &[PathBuf]) -> Result<Self, Failure> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |folder: &PathBuf| {
            openat(CWD, folder, flags, Mode::empty()).at_path(Step::Layer, &folder.to_string_lossy())
        };
        Ok(Self { layers: lower.iter().rev().map(open).collect::<Result<_, _>>()? })
    }

    /// Returns the folder that they have at a normalized path, if any.
    pub(super) fn folder(&self, path: &[u8]) -> Result<Option<OwnedFd>, Errno> {
        for layer in &self.layers {
            match open(layer, path) {
                Ok(folder) => return Ok(Some(folder)),
                Err(Errno::NOENT) if !hides(layer, path)? => {}
                // Something that is no folder, or a mark that there is nothing.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                Err(errno) => return Err(errno),
            }
        }
        Ok(None)
    }
}

/// Returns whether a folder on the way hides what lower layers have in it.
fn hides(layer: &OwnedFd, path: &[u8]) -> Result<bool, Errno> {
    for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        match open(layer, &path[..at]) {
            Ok(folder) if is_opaque(&folder)? => return Ok(true),
            Ok(_) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(errno) => return Err(errno),
        }
    }
    Ok(false)
}

fn open(layer: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    openat2(layer, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty(), resolve)
}
