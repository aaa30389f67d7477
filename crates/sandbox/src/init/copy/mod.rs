//! Stands in for overlayfs where the kernel does not offer it: the layers are copied into one tree, the command runs in it, and what it changed is moved to the
//! upper folder, in the same form.

mod difference;
mod merge;

use super::mounts::{complete, resolve};
use crate::order::{At, Failure, Step};
use crate::{Command, Ids, Layers, Mount, MountKind, Root};
use difference::Before;
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Layers that were copied for a command.
pub(super) struct Copied {
    /// The tree in which the command runs.
    pub(super) tree: OwnedFd,
    before: Before,
    upper: OwnedFd,
}

impl Copied {
    /// Copies the layers of a command, and returns with it the command that runs in the copies. The copies are in the work folder.
    pub(super) fn make(command: &Command, ids: &Ids) -> Result<Option<(Command, Self)>, Failure> {
        let Root::Layers(layers) = &command.root else { return Ok(None) };
        let Some(upper) = &layers.upper else { return Ok(None) };
        let mut copied = command.clone();
        let path = upper.work.join("tree");
        let tree = merged(layers, &path, ids)?;
        copied.root = Root::Folder(path);
        for (number, mount) in copied.mounts.iter_mut().enumerate() {
            if let MountKind::Layers { layers, path } = &mount.kind {
                let folder = upper.work.join(format!("mount-{number}"));
                let inside = merged(layers, &folder, ids).and_then(|tree| {
                    let parts = resolve(&tree, path.as_bytes()).at_path(Step::Source, path)?;
                    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(&parts.join(&b'/'))))
                })?;
                mount.kind = MountKind::Bind(folder.join(inside));
            }
        }
        let points: Vec<(&str, bool)> =
            copied.mounts.iter().map(|mount| (mount.target.as_str(), is_folder(mount))).collect();
        complete(&tree, &tree, &[&[("/proc", true), ("/dev", true)], points.as_slice()].concat())?;
        let before = Before::note(&tree)?;
        let upper = open(&upper.folder)?;
        Ok(Some((copied, Self { tree, before, upper })))
    }

    /// Moves what has changed to the upper folder.
    pub(super) fn finish(self, ids: &Ids) -> Result<(), Failure> {
        self.before.difference(&self.tree, &self.upper, ids)
    }
}

/// Merges layers into a new folder.
fn merged(layers: &Layers, path: &Path, ids: &Ids) -> Result<OwnedFd, Failure> {
    let shown = path.to_string_lossy();
    mkdirat(CWD, path, Mode::from_raw_mode(0o755)).at_path(Step::Copy, &shown)?;
    let tree = open(path)?;
    for folder in &layers.lower {
        merge::merge(&open(folder)?, &tree, ids).at_path(Step::Copy, &folder.to_string_lossy())?;
    }
    Ok(tree)
}

fn open(folder: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, folder, flags, Mode::empty()).at_path(Step::Layer, &folder.to_string_lossy())
}

fn is_folder(mount: &Mount) -> bool {
    match &mount.kind {
        MountKind::Bind(source) => source.is_dir(),
        MountKind::File(_) => false,
        MountKind::Temporary { .. } | MountKind::Layers { .. } | MountKind::System => true,
    }
}
