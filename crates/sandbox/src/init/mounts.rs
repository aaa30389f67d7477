use super::kernel;
use crate::emulation::registration;
use crate::order::{At, Failure, Step};
use crate::{Command, Emulation};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;
use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags, openat, statvfs};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_string,
    fsmount, fsopen, move_mount, open_tree,
};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Devices that commands may expect. The last is there only where this process has a terminal's device.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Names for a process's own descriptors.
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Makes the root folder `/` and mounts what belongs in it. Returns what keeps a private emulator registered.
///
/// All mounts are made as descriptors before the root changes, since afterwards their sources are gone, and put in place
/// afterwards, so that a symbolic link in the root file system cannot lead them out of it.
pub(super) fn enter(command: &Command, is_root: bool) -> Result<Option<OwnedFd>, Failure> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).at(Step::Propagation)?;
    let emulator = emulator(&command.emulation)?;
    let process_list = file_system("proc", &[], MountAttrFlags::MOUNT_ATTR_NOEXEC)?;
    let device_folder = file_system("tmpfs", &[("mode", "0755"), ("size", "64m")], MountAttrFlags::MOUNT_ATTR_NOEXEC)?;
    let devices = devices()?;
    let mut temporary = Vec::new();
    for path in &command.temporary {
        let mount = file_system("tmpfs", &[("mode", "1777"), ("size", "1g")], MountAttrFlags::empty())?;
        temporary.push((path.as_str(), mount));
    }

    change_root(&command.root).at_path(Step::Root, &command.root.to_string_lossy())?;
    // While it is still writable: folders to mount on.
    let folders = ["/proc", "/dev"].into_iter().chain(temporary.iter().map(|(path, _)| *path));
    for path in folders {
        fs::create_dir_all(path).at_path(Step::Mount, path)?;
    }
    restrict_root(command.read_only_root).at(Step::Root)?;
    attach(&process_list, "/proc")?;
    kernel::limit(is_root)?;
    attach(&device_folder, "/dev")?;
    fill_device_folder(&devices)?;
    kernel::protect()?;
    for (path, mount) in &temporary {
        attach(mount, path)?;
    }
    Ok(emulator)
}

const NONE: Option<&str> = None;

/// Makes a file system that is mounted nowhere yet.
pub(super) fn file_system(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, Failure> {
    let make = || -> Result<OwnedFd, Errno> {
        let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        for (key, value) in options {
            fsconfig_set_string(context.as_fd(), *key, *value)?;
        }
        fsconfig_create(context.as_fd())?;
        let attributes = attributes | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    make().at_path(Step::FileSystem, kind)
}

/// Registers a private emulator in this user namespace, for as long as the descriptor is open.
fn emulator(emulation: &Emulation) -> Result<Option<OwnedFd>, Failure> {
    let Emulation::Private { interpreter, architecture } = emulation else { return Ok(None) };
    let mount = file_system("binfmt_misc", &[], MountAttrFlags::MOUNT_ATTR_NOEXEC)?;
    let register = || -> io::Result<()> {
        let line = registration(interpreter, architecture)?;
        let file = openat(&mount, "register", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        // The kernel takes the line in one write.
        rustix::io::write(file, line.as_bytes())?;
        Ok(())
    };
    register().at_path(Step::Emulator, &interpreter.to_string_lossy())?;
    Ok(Some(mount))
}

fn devices() -> Result<Vec<(&'static str, OwnedFd)>, Failure> {
    let mut devices = Vec::new();
    for name in DEVICES {
        let path = format!("/dev/{name}");
        match open_tree(CWD, path.as_str(), OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC) {
            Ok(mount) => devices.push((name, mount)),
            Err(Errno::NOENT) if name == "tty" => {}
            Err(errno) => return Err(errno).at_path(Step::Device, &path),
        }
    }
    Ok(devices)
}

/// Makes `root` a mount, then `/`, and lets go of what was `/` before (pivot_root(2), "pivot_root(".", ".")").
fn change_root(root: &Path) -> io::Result<()> {
    mount(Some(root), root, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE)?;
    std::env::set_current_dir(root)?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    std::env::set_current_dir("/")
}

/// Takes set-user-id programs and devices out of the root file system's effect, and writing if asked.
fn restrict_root(read_only: bool) -> io::Result<()> {
    // A mount from outside may be restricted already, and a user namespace may not lift that.
    let present = statvfs("/")?.f_flag;
    let mut flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    flags.set(MsFlags::MS_RDONLY, read_only || present.contains(StatVfsMountFlags::RDONLY));
    flags.set(MsFlags::MS_NOEXEC, present.contains(StatVfsMountFlags::NOEXEC));
    Ok(mount(NONE, "/", NONE, flags, NONE)?)
}

pub(super) fn attach(mount: &OwnedFd, path: &str) -> Result<(), Failure> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    move_mount(mount, "", CWD, path, flags).at_path(Step::Mount, path)
}

fn fill_device_folder(devices: &[(&str, OwnedFd)]) -> Result<(), Failure> {
    for (name, mount) in devices {
        let path = format!("/dev/{name}");
        File::create_new(&path).at_path(Step::Device, &path)?;
        attach(mount, &path)?;
    }
    for (name, target) in LINKS {
        let path = format!("/dev/{name}");
        symlink(target, &path).at_path(Step::Device, &path)?;
    }
    fs::create_dir("/dev/shm").at_path(Step::Device, "/dev/shm")?;
    fs::set_permissions("/dev/shm", Permissions::from_mode(0o1777)).at_path(Step::Device, "/dev/shm")
}
