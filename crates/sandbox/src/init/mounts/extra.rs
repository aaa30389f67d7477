use super::make::{again, attach, file_system, restrict};
use super::overlay::OpenLayers;
use super::stage::Stage;
use crate::order::{At, Failure, Step};
use crate::{MemoryFile, Mount, MountKind};
use rustix::fs::{CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Uid, fchmod, fchown, fstat, openat, openat2};
use rustix::mount::{MountAttrFlags, MoveMountFlags, move_mount};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// What else is mounted, opened while paths of the machine still mean something.
pub(super) enum Opened<'a> {
    Mounted(&'a Mount, OwnedFd),
    File(&'a Mount, &'a MemoryFile),
    Layers(&'a Mount, OpenLayers, &'a str),
}

/// Something that is mounted nowhere yet, and its place.
pub(super) struct Extra<'a> {
    pub(super) target: &'a str,
    pub(super) is_folder: bool,
    mount: OwnedFd,
    is_system: bool,
}

/// What of the machine other engines hide.
const HIDDEN: [&str; 2] = ["firmware", "devices/virtual/powercap"];

/// Opens what is to be mounted. What this machine does not offer is left out.
pub(super) fn open(mount: &Mount) -> Result<Option<Opened<'_>>, Failure> {
    let opened = match &mount.kind {
        MountKind::Bind(source) => {
            let source = source.to_string_lossy();
            Opened::Mounted(mount, again(CWD, &source).at_path(Step::Source, &source)?)
        }
        MountKind::Temporary { size } => {
            let options = [("mode", "1777"), ("size", &size.to_string())];
            Opened::Mounted(mount, file_system("tmpfs", &options, MountAttrFlags::empty())?)
        }
        MountKind::File(file) => Opened::File(mount, file),
        MountKind::Layers { layers, path } => Opened::Layers(mount, OpenLayers::open(layers)?, path),
        MountKind::System => {
            let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOEXEC;
            match file_system("sysfs", &[], attributes) {
                Ok(system) => Opened::Mounted(mount, system),
                Err(_) => return Ok(None),
            }
        }
    };
    Ok(Some(opened))
}

impl<'a> Opened<'a> {
    /// Prepares the mount.
    pub(super) fn prepare(self, stage: &Stage) -> Result<Extra<'a>, Failure> {
        let (wanted, mount) = match self {
            Self::Mounted(wanted, mount) => (wanted, mount),
            Self::File(wanted, file) => (wanted, write(file, stage)?),
            Self::Layers(wanted, layers, path) => {
                let mount = stacked(&layers, path, stage)?;
                (wanted, mount)
            }
        };
        let mut attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        attributes.set(MountAttrFlags::MOUNT_ATTR_RDONLY, wanted.read_only);
        // A file system of its own is restricted from the start.
        if wanted.read_only || !matches!(wanted.kind, MountKind::Temporary { .. } | MountKind::System) {
            restrict(&mount, attributes).at_path(Step::Mount, &wanted.target)?;
        }
        let stat = fstat(&mount).at_path(Step::Mount, &wanted.target)?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        Ok(Extra { target: &wanted.target, is_folder, mount, is_system: matches!(wanted.kind, MountKind::System) })
    }
}

impl Extra<'_> {
    /// Puts it in place.
    pub(super) fn attach(&self) -> Result<(), Failure> {
        // Something else may be mounted there meanwhile, where the place is missing.
        make_point(self.target, self.is_folder)?;
        attach(&self.mount, self.target)?;
        let hidden = HIDDEN.iter().filter(|_| self.is_system).map(|name| format!("{}/{name}", self.target));
        for path in hidden.filter(|path| Path::new(path).is_dir()) {
            attach(&file_system("tmpfs", &[], MountAttrFlags::MOUNT_ATTR_RDONLY)?, &path)?;
        }
        Ok(())
    }
}

/// Makes a folder or file to mount on, unless something is there.
pub(super) fn make_point(target: &str, is_folder: bool) -> Result<(), Failure> {
    if is_folder {
        return fs::create_dir_all(target).at_path(Step::Mount, target);
    }
    if fs::exists(target).at_path(Step::Mount, target)? {
        return Ok(());
    }
    if let Some(folder) = Path::new(target).parent() {
        fs::create_dir_all(folder).at_path(Step::Mount, target)?;
    }
    // Links and what is mounted meanwhile may lead to something that was not seen: it is not emptied.
    match File::create_new(target) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop).at_path(Step::Mount, target),
    }
}

fn write(file: &MemoryFile, stage: &Stage) -> Result<OwnedFd, Failure> {
    let make = |name: &str| -> Result<(), std::io::Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut made = File::from(openat(stage, name, flags, Mode::RUSR | Mode::WUSR)?);
        made.write_all(&file.contents)?;
        fchown(&made, Some(Uid::from_raw(file.uid)), Some(Gid::from_raw(file.gid)))?;
        Ok(fchmod(&made, Mode::from_raw_mode(file.mode & 0o7777))?)
    };
    let name = stage.name();
    make(&name).at(Step::File)?;
    again(stage, &name).at(Step::File)
}

fn stacked(layers: &OpenLayers, path: &str, stage: &Stage) -> Result<OwnedFd, Failure> {
    let nothing = stage.make_folder(&stage.name())?;
    let whole = layers.stack(&nothing, stage)?;
    // Only of what is mounted somewhere a part can be mounted elsewhere.
    let name = stage.name();
    let point = stage.make_folder(&name)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(&whole, "", &point, "", flags).at(Step::Stage)?;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let path_inside = if path.is_empty() { "/" } else { path };
    let part = openat2(stage.open(&name)?, path_inside, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)
        .at_path(Step::Source, path)?;
    again(&part, "").at_path(Step::Source, path)
}
