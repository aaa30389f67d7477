use super::process;
use crate::order::{At, Failure, Step};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, getppid};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// A process that stays outside the new user namespace, since only there is the right to say which ids the namespace knows (user_namespaces(7)).
pub(super) struct Mapper {
    process: Pid,
    channel: Option<UnixStream>,
}

impl Mapper {
    /// Starts the process, which waits for [`Mapper::finish`].
    pub(super) fn start(is_root: bool) -> Result<Self, Failure> {
        let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
        let mut channel = Some(ours);
        let slot = &mut channel;
        let process = process::fork(move || {
            drop(slot.take());
            // The channel closes without a byte where the namespace could not be made.
            match (&theirs).read_exact(&mut [0]) {
                Ok(()) => code(map(getppid(), is_root)),
                Err(_) => 0,
            }
        })?;
        Ok(Self { process, channel })
    }

    /// Maps the ids of the namespace that this process has made meanwhile.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if let Some(mut channel) = self.channel.take() {
            channel.write_all(&[1]).at(Step::Ids)?;
        }
        match waitpid(self.process, None).at(Step::Ids)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            WaitStatus::Exited(_, errno) => Err(Errno::from_raw(errno)).at(Step::Ids),
            _ => Err(Errno::EIO).at(Step::Ids),
        }
    }
}

/// Returns the error number as an exit code: those of Linux are below 256.
fn code(result: io::Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => error.raw_os_error().filter(|errno| (1..256).contains(errno)).unwrap_or(Errno::EIO as i32),
    }
}

/// Root's namespace knows every id. An ordinary user's knows root alone, who is the user: only root may register an emulator in it.
fn map(process: Pid, is_root: bool) -> io::Result<()> {
    let file = |name: &str| format!("/proc/{process}/{name}");
    if is_root {
        fs::write(file("uid_map"), same_ids(&fs::read_to_string("/proc/self/uid_map")?))?;
        fs::write(file("gid_map"), same_ids(&fs::read_to_string("/proc/self/gid_map")?))
    } else {
        fs::write(file("setgroups"), "deny")?;
        fs::write(file("uid_map"), format!("0 {} 1\n", Uid::effective()))?;
        fs::write(file("gid_map"), format!("0 {} 1\n", Gid::effective()))
    }
}

/// Gives the one id that an ordinary user's namespace knows another number, by a further namespace inside.
pub(super) fn renumber(uid: u32, gid: u32) -> Result<(), Failure> {
    // A process that cannot be inspected does not own its own maps either.
    set_dumpable_behavior(DumpableBehavior::Dumpable).at(Step::Ids)?;
    unshare(CloneFlags::CLONE_NEWUSER).at(Step::Namespaces)?;
    fs::write("/proc/self/uid_map", format!("{uid} 0 1\n")).at(Step::Ids)?;
    fs::write("/proc/self/gid_map", format!("{gid} 0 1\n")).at(Step::Ids)
}

/// Returns the map by which a namespace knows all the ids that this one, whose map is given, knows, by the same numbers.
fn same_ids(map: &str) -> String {
    let same = |line: &str| {
        let mut words = line.split_whitespace();
        let (first, _, count) = (words.next()?, words.next()?, words.next()?);
        Some(format!("{first} {first} {count}\n"))
    };
    map.lines().filter_map(same).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_ids_that_there_are() {
        for (map, expected) in [
            ("         0          0 4294967295\n", "0 0 4294967295\n"),
            ("0 1000 1\n1 100000 65536\n", "0 0 1\n1 1 65536\n"),
            ("", ""),
        ] {
            assert_eq!(same_ids(map), expected);
        }
    }
}
