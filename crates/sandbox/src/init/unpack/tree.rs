use crate::init::below::Below;
use crate::init::beneath::split;
use crate::init::fault::{AtEntry, Fault, shown};
use crate::init::look::{Look, OPAQUE};
use crate::init::mounts::resolve;
use crate::init::{mark, remove, xattr};
use crate::order::Step;
use crate::{Ids, LayerFault, Unpacked};
use consign_oci::layer::{Member, MemberKind, member_path};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, fstat, linkat, mkdirat, mknodat, openat, openat2, statat,
    symlinkat,
};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

/// Before the name of a file that lower layers have and this one removes (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";
/// In a folder whose contents in lower layers this one removes (image-spec, layer.md, "Opaque Whiteout").
const OPAQUE_MARK: &[u8] = b".wh..wh..opq";
/// Before names that storage drivers keep for themselves.
const RESERVED: &[u8] = b".wh..wh.";

/// Bytes of files that are copied at once.
const BUFFER: usize = 256 << 10;

/// The folder that a layer is unpacked into.
pub(super) struct Tree<'a> {
    root: Rc<OwnedFd>,
    ids: &'a Ids,
    below: Below,
    /// What folders are to look like in the end: until then, every change in them changes their time.
    folders: BTreeMap<Vec<u8>, Look>,
    /// The folder that was used last, under the path that it was asked for by.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
    unpacked: Unpacked,
    buffer: Vec<u8>,
}

impl<'a> Tree<'a> {
    pub(super) fn open(root: &Path, below: Below, ids: &'a Ids) -> io::Result<Self> {
        let root = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut tree = Self {
            root: Rc::new(root),
            ids,
            below,
            folders: BTreeMap::new(),
            last: None,
            unpacked: Unpacked::default(),
            buffer: vec![0; BUFFER],
        };
        tree.folders.insert(Vec::new(), tree.unstated(b"")?);
        Ok(tree)
    }

    /// Returns what a folder looks like when no entry says so: as in the layers below, else as other engines make it.
    fn unstated(&self, path: &[u8]) -> Result<Look, Errno> {
        match self.below.folder(path)? {
            Some(folder) => Look::of(folder, self.ids),
            None => Ok(Look { mode: 0o755, ..Look::default() }),
        }
    }

    /// Applies an entry, whose contents `data` gives.
    pub(super) fn put(&mut self, member: &Member, data: &mut dyn Read) -> Result<(), Fault> {
        self.unpacked.entries += 1;
        let path = member_path(&member.path).map_err(|_| Fault::layer(&member.path, LayerFault::Path))?;
        let fault = |fault| Err(Fault::layer(&path, fault));
        let look = look(member).ok_or_else(|| Fault::malformed(&path, "its owner is not a number of 32 bits"))?;
        if !self.ids.keeps(look.uid, look.gid) {
            return fault(LayerFault::Owner { uid: look.uid, gid: look.gid });
        }
        if path.is_empty() {
            if member.kind != MemberKind::Directory {
                return fault(LayerFault::Path);
            }
            self.folders.insert(path, look);
            return Ok(());
        }
        let (parent, name) = split(&path);
        if name == OPAQUE_MARK && parent.is_empty() {
            return fault(LayerFault::HidesAll);
        }
        let folder = self.folder(parent).at_entry(Step::Unpack, &path)?;
        if name == OPAQUE_MARK {
            return xattr::set(&*folder, OPAQUE, b"y").at_entry(Step::Unpack, &path);
        }
        if name.starts_with(RESERVED) {
            return Ok(());
        }
        if let Some(name) = name.strip_prefix(WHITEOUT) {
            let is_name = !matches!(name, b"" | b"." | b"..");
            return if is_name { hide(&folder, name).at_entry(Step::Unpack, &path) } else { fault(LayerFault::Path) };
        }
        match &member.kind {
            MemberKind::SparseFile | MemberKind::Unknown => return fault(LayerFault::Kind),
            MemberKind::Device(_) => self.unpacked.devices += 1,
            MemberKind::HardLink(target) => {
                if !self.put_hard_link(&folder, &path, target).at_entry(Step::Unpack, &path)? {
                    return fault(LayerFault::LinkTarget { target: shown(target) });
                }
            }
            MemberKind::Directory => self.put_folder(&folder, &path, name, look).at_entry(Step::Unpack, &path)?,
            MemberKind::File | MemberKind::Symlink(_) | MemberKind::Fifo => {
                match self.put_node(&folder, &path, name, (member, &look), data) {
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return Err(Fault::malformed(&path, "it ends within a file"));
                    }
                    other => other.at_entry(Step::Unpack, &path)?,
                }
            }
        }
        Ok(())
    }

    /// Makes folders look as stated, and returns what was done.
    pub(super) fn finish(mut self) -> Result<Unpacked, Fault> {
        for (path, look) in std::mem::take(&mut self.folders) {
            match self.resolve(&path, OFlags::RDONLY | OFlags::DIRECTORY) {
                Ok(folder) => {
                    let refused = look.give(&folder, false, self.ids).at_entry(Step::Unpack, &path)?;
                    self.unpacked.attributes += refused;
                }
                // A link on the way was replaced.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(errno) => return Err(errno).at_entry(Step::Unpack, &path),
            }
        }
        Ok(self.unpacked)
    }

    /// Returns the folder at a path, and makes what is missing of it.
    fn folder(&mut self, path: &[u8]) -> Result<Rc<OwnedFd>, Errno> {
        if let Some((last, folder)) = &self.last
            && last == path
        {
            return Ok(folder.clone());
        }
        let folder = match self.resolve(path, OFlags::PATH | OFlags::DIRECTORY) {
            Ok(folder) => Rc::new(folder),
            Err(Errno::NOENT | Errno::NOTDIR) if !path.is_empty() => {
                match resolve(&self.root, path).map(|parts| parts.join(&b'/')) {
                    // A link leads to what only lower layers have.
                    Ok(target) if target != path => return self.folder(&target),
                    Ok(_) | Err(Errno::NOTDIR) => {}
                    Err(errno) => return Err(errno),
                }
                let (parent, name) = split(path);
                let parent = self.folder(parent)?;
                let look = self.unstated(path)?;
                self.put_folder(&parent, path, name, look)?;
                Rc::new(open_in(&parent, name, OFlags::PATH | OFlags::DIRECTORY)?)
            }
            Err(errno) => return Err(errno),
        };
        self.last = Some((path.to_vec(), folder.clone()));
        Ok(folder)
    }

    /// Opens what is at a path as if the folder were `/`: neither `..` in a link nor an absolute link leads out of it (openat2(2), `RESOLVE_IN_ROOT`).
    fn resolve(&self, path: &[u8], access: OFlags) -> Result<OwnedFd, Errno> {
        let path = if path.is_empty() { b"." } else { path };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
        loop {
            match openat2(&*self.root, path, access | OFlags::CLOEXEC, Mode::empty(), resolve) {
                // A rename elsewhere on the machine came in between.
                Err(Errno::AGAIN) => {}
                other => return other,
            }
        }
    }

    /// Removes whatever stands at a name, so that something else can. Returns whether that was a mark that lower layers' is removed.
    fn clear(&mut self, folder: &OwnedFd, path: &[u8], name: &[u8]) -> Result<bool, Errno> {
        let Some(found) = kind(folder, name)? else { return Ok(false) };
        // Paths may lead elsewhere now.
        self.last = None;
        if found == FileType::Directory {
            let below = [path, b"/"].concat();
            self.folders.retain(|folder, _| folder != path && !folder.starts_with(&below));
        }
        let is_mark = mark::is_there(folder, name)?;
        remove::remove_entry(folder, name)?;
        Ok(is_mark)
    }

    fn put_folder(&mut self, folder: &OwnedFd, path: &[u8], name: &[u8], look: Look) -> Result<(), Errno> {
        if kind(folder, name)? != Some(FileType::Directory) {
            // What is below it in lower layers stays removed.
            let was_removed = self.clear(folder, path, name)?;
            mkdirat(folder, name, Mode::RWXU)?;
            if was_removed {
                xattr::set(open_in(folder, name, OFlags::PATH)?, OPAQUE, b"y")?;
            }
        }
        self.folders.insert(path.to_vec(), look);
        Ok(())
    }

    fn put_node(
        &mut self,
        folder: &OwnedFd,
        path: &[u8],
        name: &[u8],
        (member, look): (&Member, &Look),
        data: &mut dyn Read,
    ) -> io::Result<()> {
        self.clear(folder, path, name)?;
        let (file, is_link) = match &member.kind {
            MemberKind::Symlink(target) => {
                symlinkat(target.as_slice(), folder, name)?;
                (open_in(folder, name, OFlags::PATH)?, true)
            }
            MemberKind::Fifo => {
                mknodat(folder, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
                (open_in(folder, name, OFlags::PATH)?, false)
            }
            _ => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let mut file = File::from(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?);
                if self.copy(data, &mut file)? != member.size {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.unpacked.bytes += member.size;
                (file.into(), false)
            }
        };
        self.unpacked.attributes += look.give(file, is_link, self.ids)?;
        Ok(())
    }

    fn copy(&mut self, data: &mut dyn Read, file: &mut File) -> io::Result<u64> {
        let mut copied = 0;
        loop {
            match data.read(&mut self.buffer)? {
                0 => return Ok(copied),
                length => {
                    file.write_all(&self.buffer[..length])?;
                    copied += length as u64;
                }
            }
        }
    }

    /// Returns whether the target is a file, so that there is a link now.
    fn put_hard_link(&mut self, folder: &OwnedFd, path: &[u8], target: &[u8]) -> Result<bool, Errno> {
        let (_, name) = split(path);
        let Some(target) = member_path(target).ok().filter(|target| !target.is_empty()) else { return Ok(false) };
        let (target_parent, target_name) = split(&target);
        let target_folder = match self.resolve(target_parent, OFlags::PATH | OFlags::DIRECTORY) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(false),
            other => other?,
        };
        // A removed file is a device.
        if matches!(kind(&target_folder, target_name)?, None | Some(FileType::Directory | FileType::CharacterDevice)) {
            return Ok(false);
        }
        let id = |folder: &OwnedFd| fstat(folder).map(|stat| (stat.st_dev, stat.st_ino));
        if (id(&target_folder)?, target_name) == (id(folder)?, name) {
            return Ok(true);
        }
        self.clear(folder, path, name)?;
        match linkat(&target_folder, target_name, folder, name, AtFlags::empty()) {
            // The target was in the folder that the link has replaced.
            Err(Errno::NOENT) => Ok(false),
            other => other.map(|()| true),
        }
    }
}

/// Returns how a member is to look, if its owner is one that Linux can know.
fn look(member: &Member) -> Option<Look> {
    let attributes = member.attributes.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone()));
    Some(Look {
        mode: member.mode,
        uid: u32::try_from(member.uid).ok()?,
        gid: u32::try_from(member.gid).ok()?,
        // Before 1970 is 1970.
        mtime: i64::try_from(member.mtime).unwrap_or(0),
        attributes: attributes.collect(),
    })
}

/// Marks a name as removed from lower layers. What this layer has there itself stays.
fn hide(folder: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    match kind(folder, name)? {
        None => mark::make(folder, name),
        Some(FileType::Directory) => xattr::set(open_in(folder, name, OFlags::PATH)?, OPAQUE, b"y"),
        Some(_) => Ok(()),
    }
}

fn kind(folder: &OwnedFd, name: &[u8]) -> Result<Option<FileType>, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn open_in(folder: &OwnedFd, name: &[u8], access: OFlags) -> Result<OwnedFd, Errno> {
    openat(folder, name, access | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}
