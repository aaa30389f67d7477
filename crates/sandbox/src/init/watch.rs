use crate::order::{At, Failure, Step};
use crate::{Command, Exit, Layers, MountKind, Root};
use nix::poll::PollTimeout;
use nix::unistd::Pid;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstatvfs, openat, statat};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// A look takes at most one part in so many of the time.
const SHARE: u32 = 10;
/// How deep folders are looked into. What is deeper does not count.
const DEPTH: usize = 400;

/// Sees to it that a command keeps within its memory and disk.
pub(super) struct Watch {
    memory: Option<u64>,
    disk: Option<u64>,
    /// How much is to stay free where changes go.
    free: Option<u64>,
    /// Folders where changes go.
    uppers: Vec<OwnedFd>,
    last_look: Duration,
}

impl Watch {
    pub(super) fn new(command: &Command, watch_memory: bool) -> Result<Self, Failure> {
        let disk = command.limits.disk;
        let root = match &command.root {
            Root::Layers(layers) => Some(layers),
            Root::Folder(_) => None,
        };
        let mounted = command.mounts.iter().filter_map(|mount| match &mount.kind {
            MountKind::Layers { layers, .. } => Some(layers),
            _ => None,
        });
        let layers = root.into_iter().chain(mounted).filter(|_| disk.is_some() || command.limits.free.is_some());
        let uppers: Vec<OwnedFd> = layers.filter_map(open_upper).collect::<Result<_, _>>()?;
        let free = uppers.first().and_then(free).zip(command.limits.free).map(|(now, limit)| limit.min(now / 2));
        let memory = command.limits.memory.filter(|_| watch_memory);
        Ok(Self { memory, disk, free, uppers, last_look: Duration::ZERO })
    }

    /// Counts what is added to a tree from now on.
    pub(super) fn add(&mut self, tree: &OwnedFd) -> io::Result<()> {
        if let Some(limit) = &mut self.disk {
            *limit = limit.saturating_add(size(tree, DEPTH));
            self.uppers.push(tree.try_clone()?);
        }
        Ok(())
    }

    /// Returns how long to wait until the next look.
    pub(super) fn pause(&self) -> PollTimeout {
        if self.memory.is_none() && self.disk.is_none() && self.free.is_none() {
            return PollTimeout::NONE;
        }
        PollTimeout::try_from(PAUSE.max(self.last_look * SHARE)).unwrap_or(PollTimeout::MAX)
    }

    /// Returns which limit is exceeded by the process and what it has started, if any.
    pub(super) fn exceeded(&mut self, first: Pid) -> Option<Exit> {
        let start = Instant::now();
        let exit = if self.memory.is_some_and(|limit| memory(first, limit) > limit) {
            Some(Exit::OutOfMemory)
        } else {
            self.is_disk_full().then_some(Exit::OutOfDisk)
        };
        self.last_look = start.elapsed();
        exit
    }

    /// Returns whether more was written than allowed.
    pub(super) fn is_disk_full(&self) -> bool {
        let used = || self.uppers.iter().map(|folder| size(folder, DEPTH)).sum::<u64>();
        self.free.is_some_and(|limit| self.uppers.first().and_then(free).is_some_and(|now| now < limit))
            || self.disk.is_some_and(|limit| used() > limit)
    }
}

/// Returns how many bytes are free on the disk that a folder lies on.
fn free(folder: &OwnedFd) -> Option<u64> {
    let disk = fstatvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn open_upper(layers: &Layers) -> Option<Result<OwnedFd, Failure>> {
    let folder = &layers.upper.as_ref()?.folder;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Some(openat(CWD, folder, flags, Mode::empty()).at_path(Step::Layer, &folder.to_string_lossy()))
}

/// Returns the bytes of memory that a process and its descendants use. What they share counts for each up to `limit`, and in parts beyond.
fn memory(first: Pid, limit: u64) -> u64 {
    let processes = descendants(first.as_raw());
    let sum: u64 = processes.iter().filter_map(|process| resident(*process)).sum();
    if sum <= limit {
        return sum;
    }
    // Of a process that has ended meanwhile, or does not let itself be looked at, the plain number counts.
    processes.iter().filter_map(|process| proportional(*process).or_else(|| resident(*process))).sum()
}

/// Returns the numbers of a process and its descendants. Orphans are children of the first process of their namespace, so none is lost.
fn descendants(first: i32) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut pending = vec![first];
    while let Some(process) = pending.pop() {
        if !found.insert(process) {
            continue;
        }
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            pending.extend(children.split_whitespace().filter_map(|number| number.parse::<i32>().ok()));
        }
    }
    found
}

/// Returns the bytes that are in memory of a process (proc(5), `/proc/PID/statm`).
fn resident(process: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size() as u64))
}

/// Returns the bytes of a process, of which those shared by several count in parts (proc(5), `/proc/PID/smaps_rollup`).
fn proportional(process: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.saturating_mul(1024))
}

/// Returns the bytes that a folder takes on disk. What changes meanwhile may or may not count.
fn size(folder: &OwnedFd, depth: usize) -> u64 {
    let Ok(entries) = Dir::read_from(folder) else { return 0 };
    let mut sum = 0u64;
    for entry in entries.flatten() {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        sum = sum.saturating_add(u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512));
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && depth > 0 {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            sum = sum
                .saturating_add(openat(folder, name, flags, Mode::empty()).map_or(0, |below| size(&below, depth - 1)));
        }
    }
    sum
}
