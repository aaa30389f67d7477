use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// How often, and how long apart, it is tried to remove a group whose last process is about to end.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// A control group (cgroups(7)) that bounds the memory of a process and its descendants.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Group {
    /// Makes a group and puts a process in it.
    pub(crate) fn around(process: u32, limit: u64) -> io::Result<Self> {
        let group = Self::make(limit)?;
        fs::write(group.folder.join("cgroup.procs"), process.to_string())?;
        Ok(group)
    }

    /// Makes an empty group below this process's own. Fails where this user may not, or the system has no such groups.
    pub(crate) fn make(limit: u64) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}"));
        let (own, version) = own_group(&read("cgroup")?, &read("mountinfo")?).ok_or(io::ErrorKind::Unsupported)?;
        // Whether groups below count memory is the machine's to say.
        if version == Version::Two && !has_memory(&own.join("cgroup.subtree_control"))? {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = own.join(format!("consign-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let group = Self { folder, version };
        group.bound(limit)?;
        Ok(group)
    }

    fn bound(&self, limit: u64) -> io::Result<()> {
        let set = |name: &str, value: &str| fs::write(self.folder.join(name), value);
        match self.version {
            Version::One => {
                set("memory.limit_in_bytes", &limit.to_string())?;
                // With swap; not every kernel counts it.
                let _ = set("memory.memsw.limit_in_bytes", &limit.to_string());
            }
            Version::Two => {
                set("memory.max", &limit.to_string())?;
                let _ = set("memory.swap.max", "0");
                set("memory.oom.group", "1")?;
            }
        }
        Ok(())
    }

    /// Returns whether the kernel has killed a process of the group since its memory ran out.
    pub(crate) fn has_killed(&self) -> bool {
        let name = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix("oom_kill ")).any(|count| count.trim() != "0")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..ATTEMPTS {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(PAUSE),
                // Whatever else it is, trying again would not help.
                _ => return,
            }
        }
    }
}

fn has_memory(file: &Path) -> io::Result<bool> {
    Ok(fs::read_to_string(file)?.split_whitespace().any(|name| name == "memory"))
}

/// Returns the folder of the group that this process's memory counts for, from what `/proc/self/cgroup` and `/proc/self/mountinfo` say.
fn own_group(groups: &str, mounts: &str) -> Option<(PathBuf, Version)> {
    let group = |is_wanted: &dyn Fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            is_wanted(controllers).then_some(path)
        })
    };
    let has_memory = |names: &str| names.split(',').any(|name| name == "memory");
    if let Some(path) = group(&has_memory) {
        return Some((mounted(mounts, "cgroup", &has_memory, path)?, Version::One));
    }
    Some((mounted(mounts, "cgroup2", &|_| true, group(&str::is_empty)?)?, Version::Two))
}

/// Returns where the group of a path is mounted (proc(5), `/proc/PID/mountinfo`).
fn mounted(mounts: &str, kind: &str, is_wanted: &dyn Fn(&str) -> bool, path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut right = right.split(' ');
        let found = right.next()?;
        if found != kind || !is_wanted(right.nth(1)?) {
            return None;
        }
        let mut left = left.split(' ').skip(3);
        let (root, point) = (left.next()?, left.next()?);
        // In a container, a part of the groups may be mounted.
        let rest = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_its_own_group() {
        let one = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
        let two = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let part = "41 31 0:38 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup ro\n";
        for (groups, mounts, expected) in [
            ("4:memory:/a/b\n0::/\n", [two, one].concat(), Some(("/sys/fs/cgroup/memory/a/b", Version::One))),
            ("0::/user.slice\n", two.to_owned(), Some(("/sys/fs/cgroup/user.slice", Version::Two))),
            ("0::/docker/x/y\n", part.to_owned(), Some(("/sys/fs/cgroup/y", Version::Two))),
            ("0::/elsewhere\n", part.to_owned(), None),
            ("4:cpu:/a\n", one.to_owned(), None),
        ] {
            let expected = expected.map(|(path, version)| (PathBuf::from(path), version));
            assert_eq!(own_group(groups, &mounts), expected, "{groups}");
        }
    }
}
