use crate::Ids;
use crate::init::beneath::{join, open, split};
use crate::init::look::{Look, OPAQUE};
use crate::init::remove::names;
use crate::init::{mark, xattr};
use crate::order::{At, Failure, Step};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Statx, StatxFlags, mkdirat, renameat, statx};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

/// Longest tick of the clock that files are stamped by: a change within the tick of the copy would not show.
const TICK: Duration = Duration::from_millis(20);

/// What a tree was like before a command ran in it. A file's change time is set by the kernel alone, at every change.
pub(super) struct Before {
    entries: BTreeMap<Vec<u8>, Stamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    /// Inode, and when it was made: numbers are used again.
    identity: (u64, i64, u32),
    changed: (i64, u32),
    is_folder: bool,
}

/// What is to be done in the upper folder.
#[derive(Default)]
struct Plan {
    /// Folders that changed, or in which something did.
    folders: BTreeMap<Vec<u8>, Look>,
    /// What is new, as a whole.
    moved: Vec<Vec<u8>>,
    /// New folders in place of other ones.
    replaced: Vec<Vec<u8>>,
    removed: Vec<Vec<u8>>,
}

impl Before {
    /// Notes what a tree is like.
    pub(super) fn note(tree: &OwnedFd) -> Result<Self, Failure> {
        let mut entries = BTreeMap::new();
        let noted = walk(tree, &mut |path, stat| {
            entries.insert(path.to_vec(), Stamp::of(stat));
            Ok(true)
        });
        noted.at(Step::Copy)?;
        thread::sleep(TICK);
        Ok(Self { entries })
    }

    /// Moves what has changed since to the upper folder, in the form of overlayfs.
    pub(super) fn difference(self, tree: &OwnedFd, upper: &OwnedFd, ids: &Ids) -> Result<(), Failure> {
        self.plan(tree, ids).and_then(|plan| plan.carry_out(tree, upper, ids)).at(Step::Copy)
    }

    fn plan(mut self, tree: &OwnedFd, ids: &Ids) -> io::Result<Plan> {
        let mut plan = Plan::default();
        // Folders that are still the same, whose missing entries were removed one by one.
        let mut kept = vec![Vec::new()];
        walk(tree, &mut |path, stat| {
            let (before, now) = (self.entries.remove(path), Stamp::of(stat));
            match before {
                Some(before) if before.identity == now.identity && now.is_folder => {
                    if before != now {
                        plan.folders.insert(path.to_vec(), Look::of(open(tree, path, OFlags::PATH)?, ids)?);
                    }
                    kept.push(path.to_vec());
                    return Ok(true);
                }
                Some(before) if before == now => return Ok(false),
                Some(before) if before.is_folder && now.is_folder => plan.replaced.push(path.to_vec()),
                _ => {}
            }
            plan.moved.push(path.to_vec());
            Ok(false)
        })?;
        kept.sort();
        let is_kept = |folder: &[u8]| kept.binary_search_by(|path| path.as_slice().cmp(folder)).is_ok();
        plan.removed = self.entries.into_keys().filter(|path| is_kept(split(path).0)).collect();
        plan.add_parents(tree, ids)?;
        Ok(plan)
    }
}

impl Plan {
    /// Adds the folders above everything, which have to be there first. Their looks are taken before anything is moved out of them.
    fn add_parents(&mut self, tree: &OwnedFd, ids: &Ids) -> io::Result<()> {
        let folders: Vec<Vec<u8>> = self.folders.keys().cloned().collect();
        for path in folders.iter().chain(&self.moved).chain(&self.removed) {
            let mut path = path.as_slice();
            while !path.is_empty() {
                path = split(path).0;
                if self.folders.contains_key(path) {
                    break;
                }
                self.folders.insert(path.to_vec(), Look::of(open(tree, path, OFlags::PATH)?, ids)?);
            }
        }
        self.folders.entry(Vec::new()).or_insert(Look::of(tree, ids)?);
        Ok(())
    }

    fn carry_out(&self, tree: &OwnedFd, upper: &OwnedFd, ids: &Ids) -> io::Result<()> {
        let parent = |root: &OwnedFd, path: &[u8]| open(root, split(path).0, OFlags::PATH | OFlags::DIRECTORY);
        for path in self.folders.keys().filter(|path| !path.is_empty()) {
            mkdirat(parent(upper, path)?, split(path).1, Mode::RWXU)?;
        }
        for path in &self.moved {
            let name = split(path).1;
            renameat(parent(tree, path)?, name, parent(upper, path)?, name)?;
        }
        for path in &self.replaced {
            xattr::set(open(upper, path, OFlags::PATH)?, OPAQUE, b"y")?;
        }
        for path in &self.removed {
            mark::make(&parent(upper, path)?, split(path).1)?;
        }
        for (path, look) in &self.folders {
            look.give(open(upper, path, OFlags::PATH)?, false, ids)?;
        }
        Ok(())
    }
}

impl Stamp {
    fn of(stat: &Statx) -> Self {
        Self {
            identity: (stat.stx_ino, stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec),
            changed: (stat.stx_ctime.tv_sec, stat.stx_ctime.tv_nsec),
            is_folder: kind(stat) == FileType::Directory,
        }
    }
}

fn kind(stat: &Statx) -> FileType {
    FileType::from_raw_mode(stat.stx_mode.into())
}

type Visit<'a> = dyn FnMut(&[u8], &Statx) -> Result<bool, Errno> + 'a;

/// Shows everything in a tree but itself, each folder before what is in it, into which it goes only if told so.
fn walk(tree: &OwnedFd, visit: &mut Visit<'_>) -> Result<(), Errno> {
    let mut pending = vec![Vec::new()];
    while let Some(path) = pending.pop() {
        let folder = open(tree, &path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        for name in names(&folder)? {
            let path = join(&path, &name);
            let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
            let stat = statx(&folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW, wanted)?;
            if visit(&path, &stat)? && kind(&stat) == FileType::Directory {
                pending.push(path);
            }
        }
    }
    Ok(())
}
