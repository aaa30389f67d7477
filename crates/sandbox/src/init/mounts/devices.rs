use super::make::{again, attach, file_system};
use crate::order::{At, Failure, Step};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;
use std::fs::{self, File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};

/// Devices that commands may expect. The last is there only where this process has a terminal's device.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Names for a process's own descriptors, and for new terminals.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// What belongs into `/dev`, mounted nowhere yet.
pub(super) struct Devices {
    folder: OwnedFd,
    terminals: OwnedFd,
    borrowed: Vec<(&'static str, OwnedFd)>,
}

impl Devices {
    pub(super) fn open() -> Result<Self, Failure> {
        let noexec = MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let folder = file_system("tmpfs", &[("mode", "0755"), ("size", "64m")], noexec)?;
        let terminals = file_system("devpts", &[("mode", "0620"), ("ptmxmode", "0666")], noexec)?;
        let mut borrowed = Vec::new();
        for name in DEVICES {
            let path = format!("/dev/{name}");
            match again(CWD, &path) {
                Ok(mount) => borrowed.push((name, mount)),
                Err(Errno::NOENT) if name == "tty" => {}
                Err(errno) => return Err(errno).at_path(Step::Device, &path),
            }
        }
        Ok(Self { folder, terminals, borrowed })
    }

    /// Puts them in place.
    pub(super) fn attach(&self) -> Result<(), Failure> {
        attach(&self.folder, "/dev")?;
        for (name, mount) in &self.borrowed {
            let path = format!("/dev/{name}");
            File::create_new(&path).at_path(Step::Device, &path)?;
            attach(mount, &path)?;
        }
        for (name, target) in LINKS {
            let path = format!("/dev/{name}");
            symlink(target, &path).at_path(Step::Device, &path)?;
        }
        fs::create_dir("/dev/pts").at_path(Step::Device, "/dev/pts")?;
        attach(&self.terminals, "/dev/pts")?;
        fs::create_dir("/dev/shm").at_path(Step::Device, "/dev/shm")?;
        fs::set_permissions("/dev/shm", Permissions::from_mode(0o1777)).at_path(Step::Device, "/dev/shm")
    }
}
