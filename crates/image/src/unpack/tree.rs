use super::UnpackError;
use super::member::{Member, MemberKind};
use super::path::{shown, split};
use super::remove::{open_folder, remove_children, remove_entry, remove_in_kept};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, chownat, fchmod, fchown, fstat,
    futimens, linkat, mkdirat, openat, openat2, statat, symlinkat, utimensat,
};
use rustix::io::Errno;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

/// Before the name of a file that lower layers have and this one removes (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";
/// In a folder whose contents in lower layers this one removes (image-spec, layer.md, "Opaque Whiteout").
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Before names that storage drivers keep for themselves.
const RESERVED: &[u8] = b".wh..wh.";

/// A file's identity: device and inode.
type Id = (u64, u64);

/// The folder that layers are unpacked into.
pub(super) struct Tree {
    root: Rc<Folder>,
    ownership: bool,
    /// Folders and what they are to be in the end: until then they are writable, and every change in them changes their time.
    folders: HashMap<Id, (Vec<u8>, Attributes)>,
    /// Names that the current layer has made, by the folder that they stand in: whiteouts hide only those of lower layers.
    made: HashSet<(Id, Vec<u8>)>,
    /// The folder that was used last, under the path that it was asked for by.
    last: Option<(Vec<u8>, Rc<Folder>)>,
}

struct Folder {
    descriptor: OwnedFd,
    id: Id,
}

#[derive(Clone, Copy)]
struct Attributes {
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
}

/// What a layer's folder is when no entry says so.
const UNSTATED: Attributes = Attributes { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    LeftOut,
}

impl Tree {
    pub(super) fn open(root: &Path, ownership: bool) -> io::Result<Self> {
        let descriptor = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let root = Rc::new(Folder::new(descriptor)?);
        Ok(Self { root, ownership, folders: HashMap::new(), made: HashSet::new(), last: None })
    }

    /// From here on, what is there is of lower layers.
    pub(super) fn start_layer(&mut self) {
        self.made.clear();
    }

    /// Applies an entry, whose contents `data` gives.
    pub(super) fn put(&mut self, layer: usize, member: &Member, data: &mut dyn Read) -> Result<Put, UnpackError> {
        let path = &member.path;
        let failed = |action| move |source: io::Error| UnpackError::File { layer, path: shown(path), action, source };
        let refused = |reason| UnpackError::Member { layer, path: shown(path), reason };
        if path.is_empty() {
            if member.kind != MemberKind::Directory {
                return Err(refused("is the root, but no folder"));
            }
            self.folders.insert(self.root.id, (Vec::new(), member.into()));
            return Ok(Put::Done);
        }
        let (parent, name) = split(path);
        let folder = self.folder(parent).map_err(failed("make the folder of"))?;
        if name == OPAQUE {
            self.hide(&folder, None).map_err(failed("apply"))?;
            return Ok(Put::Done);
        }
        if name.starts_with(RESERVED) {
            return Ok(Put::Done);
        }
        if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            if matches!(hidden, b"" | b"." | b"..") {
                return Err(refused("is a whiteout of nothing"));
            }
            self.hide(&folder, Some(hidden)).map_err(failed("apply"))?;
            return Ok(Put::Done);
        }
        match &member.kind {
            MemberKind::Directory => self.put_folder(&folder, name, member).map_err(failed("make"))?,
            MemberKind::HardLink(target) => {
                if !self.put_hard_link(&folder, name, target).map_err(failed("make"))? {
                    return Err(UnpackError::HardLink { layer, path: shown(path), target: shown(target) });
                }
            }
            MemberKind::File => {
                self.clear(&folder, name).map_err(failed("replace"))?;
                self.put_file(&folder, name, member, data).map_err(failed("write"))?;
            }
            MemberKind::Symlink(target) => {
                self.clear(&folder, name).map_err(failed("replace"))?;
                self.put_symlink(&folder, name, target, member).map_err(failed("make"))?;
            }
            MemberKind::Special => {
                self.clear(&folder, name).map_err(failed("replace"))?;
                return Ok(Put::LeftOut);
            }
        }
        self.made.insert((folder.id, name.to_vec()));
        Ok(Put::Done)
    }

    /// Gives folders their attributes. Returns the path of one that cannot have them.
    pub(super) fn finish(self) -> Result<(), (String, io::Error)> {
        // The innermost first: a folder may become one that its owner cannot look into.
        let mut folders: Vec<(&[u8], Id, Attributes)> =
            self.folders.iter().map(|(id, (path, attributes))| (&path[..], *id, *attributes)).collect();
        folders.sort_unstable_by(|left, right| (right.0, right.1).cmp(&(left.0, left.1)));
        for (path, id, attributes) in folders {
            let set = || -> io::Result<()> {
                let folder = match resolve(&self.root, path, OFlags::RDONLY) {
                    // It was removed again, or something else stands there.
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
                    other => Folder::new(other?)?,
                };
                if folder.id == id { self.set(&folder.descriptor, attributes) } else { Ok(()) }
            };
            set().map_err(|error| (shown(path), error))?;
        }
        Ok(())
    }

    /// Opens the folder at a normalized path, resolved inside the root, and makes what is missing.
    fn folder(&mut self, path: &[u8]) -> io::Result<Rc<Folder>> {
        if path.is_empty() {
            return Ok(Rc::clone(&self.root));
        }
        if let Some((_, folder)) = self.last.as_ref().filter(|(last, _)| last == path) {
            return Ok(Rc::clone(folder));
        }
        let descriptor = match resolve(&self.root, path, OFlags::RDONLY) {
            Err(Errno::NOENT) => {
                let (parent, name) = split(path);
                let parent = self.folder(parent)?;
                // A link that leads nowhere stands there if this fails with EEXIST.
                mkdirat(&parent.descriptor, name, Mode::RWXU)?;
                self.made.insert((parent.id, name.to_vec()));
                let descriptor = open_folder(&parent.descriptor, name)?;
                self.folders.insert(Folder::id(&descriptor)?, (path.to_vec(), UNSTATED));
                descriptor
            }
            other => other?,
        };
        let folder = Rc::new(Folder::new(descriptor)?);
        self.last = Some((path.to_vec(), Rc::clone(&folder)));
        Ok(folder)
    }

    /// Removes whatever stands at a name. What a path leads to may change by that.
    fn clear(&mut self, folder: &Folder, name: &[u8]) -> io::Result<()> {
        self.last = None;
        remove_entry(&folder.descriptor, name, &mut |_, _| false)
    }

    /// Removes what lower layers have at a name, or in the folder.
    fn hide(&mut self, folder: &Folder, name: Option<&[u8]>) -> io::Result<()> {
        self.last = None;
        let made = &self.made;
        let mut keep =
            |folder: &OwnedFd, name: &[u8]| Folder::id(folder).is_ok_and(|id| made.contains(&(id, name.to_vec())));
        let Some(name) = name else { return remove_children(&folder.descriptor, &mut keep) };
        if !keep(&folder.descriptor, name) {
            return remove_entry(&folder.descriptor, name, &mut keep);
        }
        remove_in_kept(&folder.descriptor, name, &mut keep)
    }

    fn put_folder(&mut self, folder: &Folder, name: &[u8], member: &Member) -> io::Result<()> {
        if self.kind(folder, name)? != Some(FileType::Directory) {
            self.clear(folder, name)?;
            mkdirat(&folder.descriptor, name, Mode::RWXU)?;
        }
        let made = Folder::new(open_folder(&folder.descriptor, name)?)?;
        self.folders.insert(made.id, (member.path.clone(), member.into()));
        Ok(())
    }

    fn put_file(&self, folder: &Folder, name: &[u8], member: &Member, data: &mut dyn Read) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&folder.descriptor, name, flags, Mode::RUSR | Mode::WUSR)?);
        if io::copy(&mut data.take(member.size), &mut file)? != member.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.set(&file, member.into())
    }

    fn put_symlink(&self, folder: &Folder, name: &[u8], target: &[u8], member: &Member) -> io::Result<()> {
        symlinkat(target, &folder.descriptor, name)?;
        let attributes = Attributes::from(member);
        if self.ownership {
            let (uid, gid) = attributes.owner();
            chownat(&folder.descriptor, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        Ok(utimensat(&folder.descriptor, name, &attributes.times(), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Returns whether the target is a file, so that there is a link now.
    fn put_hard_link(&mut self, folder: &Folder, name: &[u8], target: &[u8]) -> io::Result<bool> {
        if target.is_empty() {
            return Ok(false);
        }
        let (target_parent, target_name) = split(target);
        let target_folder = match resolve(&self.root, target_parent, OFlags::PATH) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(false),
            other => Folder::new(other?)?,
        };
        if matches!(self.kind(&target_folder, target_name)?, None | Some(FileType::Directory)) {
            return Ok(false);
        }
        if (target_folder.id, target_name) == (folder.id, name) {
            return Ok(true);
        }
        self.clear(folder, name)?;
        match linkat(&target_folder.descriptor, target_name, &folder.descriptor, name, AtFlags::empty()) {
            // The target was in the folder that the link has replaced.
            Err(Errno::NOENT) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    fn kind(&self, folder: &Folder, name: &[u8]) -> io::Result<Option<FileType>> {
        match statat(&folder.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn set(&self, file: impl AsFd, attributes: Attributes) -> io::Result<()> {
        let file = file.as_fd();
        let mut mode = attributes.mode & 0o7777;
        if self.ownership {
            let (uid, gid) = attributes.owner();
            // Changing the owner takes set-user-id bits away, so it comes first.
            fchown(file, uid, gid)?;
        } else {
            mode &= 0o1777;
        }
        fchmod(file, Mode::from_raw_mode(mode))?;
        Ok(futimens(file, &attributes.times())?)
    }
}

impl Folder {
    fn new(descriptor: OwnedFd) -> io::Result<Self> {
        let id = Self::id(&descriptor)?;
        Ok(Self { descriptor, id })
    }

    fn id(descriptor: &OwnedFd) -> io::Result<Id> {
        let stat = fstat(descriptor)?;
        Ok((stat.st_dev, stat.st_ino))
    }
}

impl Attributes {
    fn owner(self) -> (Option<Uid>, Option<Gid>) {
        (Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
    }

    fn times(self) -> Timestamps {
        let time = Timespec { tv_sec: self.mtime, tv_nsec: 0 };
        Timestamps { last_access: time, last_modification: time }
    }
}

impl From<&Member> for Attributes {
    fn from(member: &Member) -> Self {
        Self { mode: member.mode, uid: member.uid, gid: member.gid, mtime: member.mtime }
    }
}

/// Opens the folder at a path as if `root` were `/`: neither `..` in a link nor an absolute link leads out of it (openat2(2), `RESOLVE_IN_ROOT`).
fn resolve(root: &Folder, path: &[u8], access: OFlags) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    loop {
        match openat2(&root.descriptor, path, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // A rename elsewhere on the machine came in between.
            Err(Errno::AGAIN) => {}
            other => return other,
        }
    }
}
