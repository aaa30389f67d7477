use super::make::file_system;
use crate::order::{At, Failure, Step};
use nix::mount::{MntFlags, umount2};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::mount::{MountAttrFlags, MoveMountFlags, move_mount};
use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A file system in memory where mounts are prepared. It is mounted over `/`, where no path leads to it, since what is mounted nowhere cannot be
/// stacked or mounted again.
pub(super) struct Stage {
    folder: OwnedFd,
    names: Cell<u32>,
}

impl Stage {
    pub(super) fn new() -> Result<Self, Failure> {
        let folder = file_system("tmpfs", &[("mode", "0755"), ("size", "64m")], MountAttrFlags::empty())?;
        move_mount(&folder, "", CWD, "/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).at(Step::Stage)?;
        Ok(Self { folder, names: Cell::new(0) })
    }

    /// Takes it away. What was stacked or mounted again from it stays.
    pub(super) fn leave(self) -> Result<(), Failure> {
        umount2("/", MntFlags::MNT_DETACH).at(Step::Stage)
    }

    /// Returns a name that nothing has yet.
    pub(super) fn name(&self) -> String {
        self.names.set(self.names.get() + 1);
        self.names.get().to_string()
    }

    /// Makes a folder and returns it.
    pub(super) fn make_folder(&self, name: &str) -> Result<OwnedFd, Failure> {
        mkdirat(&self.folder, name, Mode::from_raw_mode(0o755)).at(Step::Stage)?;
        self.open(name)
    }

    /// Returns what is at a name, or mounted on it.
    pub(super) fn open(&self, name: &str) -> Result<OwnedFd, Failure> {
        openat(&self.folder, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).at(Step::Stage)
    }
}

impl AsFd for Stage {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}
