use super::make::again;
use super::stage::Stage;
use crate::Layers;
use crate::emulation::kernel_version;
use crate::order::{At, Failure, Step};
use nix::mount::{MsFlags, mount};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen,
};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// What makes the upper folder a plain difference: whole files, and no references between files (Linux, `filesystems/overlayfs.rst`).
const PLAIN: [(&str, &str); 3] = [("index", "off"), ("metacopy", "off"), ("redirect_dir", "nofollow")];
/// The first kernel that takes layers one by one.
const ONE_BY_ONE: (u32, u32) = (6, 5);

/// The folders of layers, opened before anything is mounted over them.
pub(super) struct OpenLayers {
    /// Lowest first.
    pub(super) lower: Vec<OwnedFd>,
    pub(super) upper: Option<OpenUpper>,
}

pub(super) struct OpenUpper {
    pub(super) folder: OwnedFd,
    work: OwnedFd,
}

impl OpenLayers {
    pub(super) fn open(layers: &Layers) -> Result<Self, Failure> {
        let lower = layers.lower.iter().map(|folder| open(folder)).collect::<Result<_, _>>()?;
        let upper = match &layers.upper {
            Some(upper) => Some(OpenUpper { folder: open(&upper.folder)?, work: open(&upper.work)? }),
            None => None,
        };
        Ok(Self { lower, upper })
    }

    /// Stacks the layers, with a further one between upper and lower.
    pub(super) fn stack(&self, between: &OwnedFd, stage: &Stage) -> Result<OwnedFd, Failure> {
        self.stack_with(between, self.upper.as_ref(), stage).at(Step::Overlay)
    }

    /// Stacks the lower layers with a further one on top, to be read.
    pub(super) fn stack_lower(&self, top: &OwnedFd, stage: &Stage) -> Result<OwnedFd, Failure> {
        self.stack_with(top, None, stage).at(Step::Overlay)
    }

    fn stack_with(&self, between: &OwnedFd, upper: Option<&OpenUpper>, stage: &Stage) -> io::Result<OwnedFd> {
        // The kernel wants two layers where none is the upper.
        if self.lower.is_empty() && upper.is_none() {
            return Ok(again(between, "")?);
        }
        // Highest first.
        let lower = std::iter::once(between).chain(self.lower.iter().rev()).map(AsFd::as_fd);
        if kernel_version() >= ONE_BY_ONE {
            return Ok(mount_one_by_one(lower, upper)?);
        }
        mount_by_list(lower, upper, stage)
    }
}

fn open(folder: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, folder, flags, Mode::empty()).at_path(Step::Layer, &folder.to_string_lossy())
}

/// Names folders by descriptor: paths may be longer than the kernel takes, and hold what it separates them by.
fn mount_one_by_one<'a>(
    lower: impl Iterator<Item = BorrowedFd<'a>>,
    upper: Option<&OpenUpper>,
) -> Result<OwnedFd, Errno> {
    let path = |folder: BorrowedFd<'_>| format!("/proc/self/fd/{}", folder.as_raw_fd());
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let set = |key: &str, value: &str| fsconfig_set_string(context.as_fd(), key, value);
    set("source", "overlay")?;
    fsconfig_set_flag(context.as_fd(), "userxattr")?;
    PLAIN.iter().try_for_each(|(key, value)| set(key, value))?;
    for folder in lower {
        set("lowerdir+", &path(folder))?;
    }
    if let Some(upper) = upper {
        set("upperdir", &path(upper.folder.as_fd()))?;
        set("workdir", &path(upper.work.as_fd()))?;
        // What was written when the machine crashes is of no use either way.
        fsconfig_set_flag(context.as_fd(), "volatile")?;
    }
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
}

/// The options of older kernels have to fit a page, so the folders are named relative to `/proc/self/fd`.
fn mount_by_list<'a>(
    lower: impl Iterator<Item = BorrowedFd<'a>>,
    upper: Option<&OpenUpper>,
    stage: &Stage,
) -> io::Result<OwnedFd> {
    let lower: Vec<String> = lower.map(|folder| folder.as_raw_fd().to_string()).collect();
    let mut options = format!("userxattr,lowerdir={}", lower.join(":"));
    for (key, value) in PLAIN {
        options += &format!(",{key}={value}");
    }
    if let Some(upper) = upper {
        let (folder, work) = (upper.folder.as_raw_fd(), upper.work.as_raw_fd());
        options += &format!(",upperdir={folder},workdir={work},volatile");
    }
    let name = stage.name();
    let target = stage.make_folder(&name).map_err(|failure| io::Error::from_raw_os_error(failure.errno))?;
    let before = std::env::current_dir()?;
    std::env::set_current_dir("/proc/self/fd")?;
    let target = target.as_raw_fd().to_string();
    let made = mount(Some("overlay"), target.as_str(), Some("overlay"), MsFlags::empty(), Some(options.as_str()));
    std::env::set_current_dir(before)?;
    made?;
    Ok(again(stage, &name)?)
}
