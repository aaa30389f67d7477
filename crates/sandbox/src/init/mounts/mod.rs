//! What the command sees of files.
//!
//! Everything that comes from outside is opened, and mounted nowhere yet, before the root changes, since afterwards its path means nothing; it is put in place
//! afterwards, so that a symbolic link in the root file system cannot lead it out.

mod devices;
mod extra;
mod make;
mod overlay;
mod points;
mod resolve;
mod stage;

pub(super) use make::{attach, file_system};
pub(super) use points::complete;
pub(super) use resolve::resolve;

use super::kernel;
use crate::emulation::registration;
use crate::order::{At, Failure, Step};
use crate::{Command, Emulation, Ids, Root};
use devices::Devices;
use extra::{Extra, Opened};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{fchdir, pivot_root};
use overlay::OpenLayers;
use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags, openat, statvfs};
use rustix::mount::{MountAttrFlags, MoveMountFlags, move_mount};
use stage::Stage;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

const NONE: Option<&str> = None;

/// Makes the root file system `/` and mounts what belongs in it. Returns what keeps a private emulator registered.
pub(super) fn enter(command: &Command, ids: &Ids) -> Result<Option<OwnedFd>, Failure> {
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).at(Step::Propagation)?;
    let emulator = emulator(&command.emulation)?;
    let process_list = file_system("proc", &[], MountAttrFlags::MOUNT_ATTR_NOEXEC)?;
    let devices = Devices::open()?;
    let opened: Vec<Opened<'_>> =
        command.mounts.iter().filter_map(|mount| extra::open(mount).transpose()).collect::<Result<_, _>>()?;
    let root = OpenRoot::open(&command.root)?;

    let stage = Stage::new()?;
    let extras: Vec<Extra<'_>> = opened.into_iter().map(|opened| opened.prepare(&stage)).collect::<Result<_, _>>()?;
    let mut points = vec![("/proc", true), ("/dev", true)];
    points.extend(extras.iter().map(|extra| (extra.target, extra.is_folder)));
    let (root, is_complete) = match root {
        OpenRoot::Folder(folder) => (folder, false),
        OpenRoot::Layers(layers) => (completed(&layers, &points, &stage)?, true),
    };
    stage.leave()?;
    change_root(&root)?;
    if !is_complete {
        // While it is still writable.
        points.iter().try_for_each(|(path, is_folder)| extra::make_point(path, *is_folder))?;
    }
    restrict_root(command.read_only_root).at(Step::Root)?;
    attach(&process_list, "/proc")?;
    kernel::limit(command, ids)?;
    devices.attach()?;
    kernel::protect()?;
    extras.iter().try_for_each(Extra::attach)?;
    Ok(emulator)
}

enum OpenRoot {
    Folder(OwnedFd),
    Layers(OpenLayers),
}

impl OpenRoot {
    fn open(root: &Root) -> Result<Self, Failure> {
        Ok(match root {
            Root::Folder(folder) => Self::Folder(again(folder)?),
            Root::Layers(layers) => Self::Layers(OpenLayers::open(layers)?),
        })
    }
}

fn again(folder: &Path) -> Result<OwnedFd, Failure> {
    let path = folder.to_string_lossy();
    make::again(CWD, &path).at_path(Step::Root, &path)
}

/// Stacks the layers with one more between lower and upper that has the missing mount points, so that the upper does not.
fn completed(layers: &OpenLayers, points: &[(&str, bool)], stage: &Stage) -> Result<OwnedFd, Failure> {
    let between = stage.make_folder(&stage.name())?;
    let nothing = stage.make_folder(&stage.name())?;
    complete(&layers.stack_lower(&nothing, stage)?, &between, points)?;
    if let Some(top) = layers.lower.last() {
        points::copy_look(&between, top)?;
    }
    if let Some(upper) = &layers.upper {
        points::copy_look(&upper.folder, &between)?;
    }
    layers.stack(&between, stage)
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

/// Makes a mount `/`, and lets go of what was `/` before (pivot_root(2), "pivot_root(".", ".")").
fn change_root(root: &OwnedFd) -> Result<(), Failure> {
    let change = || -> io::Result<()> {
        move_mount(root, "", CWD, "/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
        fchdir(root)?;
        pivot_root(".", ".")?;
        umount2(".", MntFlags::MNT_DETACH)?;
        std::env::set_current_dir("/")
    };
    change().at(Step::Root)
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
