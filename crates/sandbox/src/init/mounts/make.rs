use crate::order::{At, Failure, Step};
use nix::libc;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_string,
    fsmount, fsopen, move_mount, open_tree,
};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Makes a file system that is mounted nowhere yet.
pub(crate) fn file_system(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, Failure> {
    let make = || -> Result<OwnedFd, Errno> {
        let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        // Where it comes from, as mount(8) shows it.
        fsconfig_set_string(context.as_fd(), "source", kind)?;
        for (key, value) in options {
            fsconfig_set_string(context.as_fd(), *key, *value)?;
        }
        fsconfig_create(context.as_fd())?;
        let mut attributes = attributes | MountAttrFlags::MOUNT_ATTR_NOSUID;
        // Terminals are devices.
        attributes.set(MountAttrFlags::MOUNT_ATTR_NODEV, kind != "devpts");
        fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    make().at_path(Step::FileSystem, kind)
}

/// Mounts what is at `path` in `folder` once more, with what is mounted below, but nowhere yet.
pub(super) fn again(folder: impl AsFd, path: &str) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    open_tree(folder, path, flags | OpenTreeFlags::AT_EMPTY_PATH)
}

/// Puts a mount at a path, following links.
pub(crate) fn attach(mount: &OwnedFd, path: &str) -> Result<(), Failure> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    move_mount(mount, "", CWD, path, flags).at_path(Step::Mount, path)
}

/// Adds attributes to a mount that is nowhere yet, and to those below it (Linux 5.12).
#[expect(unsafe_code, reason = "there is no safe way to call mount_setattr")]
pub(super) fn restrict(mount: &OwnedFd, attributes: MountAttrFlags) -> Result<(), Errno> {
    let attributes = libc::mount_attr { attr_set: attributes.bits().into(), attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: the path is a constant that ends with NUL; the attributes live until the call returns, and their size is told (mount_setattr(2)).
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    nix::errno::Errno::result(result).map(drop).map_err(|errno| Errno::from_raw_os_error(errno as i32))
}
