use super::process;
use crate::ids::program;
use crate::order::{At, Failure, Step};
use crate::{IdRange, Ids, User};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, getppid};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// Makes a user namespace that knows these ids, and others with it.
pub(super) fn enter_namespaces(ids: &Ids, others: CloneFlags) -> Result<(), Failure> {
    let mapper = Mapper::start(ids)?;
    unshare(CloneFlags::CLONE_NEWUSER | others).at(Step::Namespaces)?;
    mapper.finish()
}

/// A process that stays outside the new user namespace, since only there is the right to say which ids the namespace knows (user_namespaces(7)).
struct Mapper {
    process: Pid,
    channel: Option<UnixStream>,
}

impl Mapper {
    /// Starts the process, which waits for [`Mapper::finish`].
    fn start(ids: &Ids) -> Result<Self, Failure> {
        let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
        let mut channel = Some(ours);
        let slot = &mut channel;
        let process = process::fork(move || {
            drop(slot.take());
            // The channel closes without a byte where the namespace could not be made.
            match (&theirs).read_exact(&mut [0]) {
                Ok(()) => code(map(getppid(), ids)),
                Err(_) => 0,
            }
        })?;
        Ok(Self { process, channel })
    }

    /// Maps the ids of the namespace that this process has made meanwhile.
    fn finish(mut self) -> Result<(), Failure> {
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

/// Says which ids the namespace of a process knows. Where it is not all, root is the caller: only root may register an emulator in it.
fn map(process: Pid, ids: &Ids) -> io::Result<()> {
    let file = |name: &str| format!("/proc/{process}/{name}");
    match ids {
        Ids::All => {
            fs::write(file("uid_map"), same_ids(&fs::read_to_string("/proc/self/uid_map")?))?;
            fs::write(file("gid_map"), same_ids(&fs::read_to_string("/proc/self/gid_map")?))
        }
        Ids::Subordinate { users, groups } => {
            map_range("newuidmap", process, Uid::effective().as_raw(), *users)?;
            map_range("newgidmap", process, Gid::effective().as_raw(), *groups)
        }
        Ids::Single => {
            fs::write(file("setgroups"), "deny")?;
            fs::write(file("uid_map"), format!("0 {} 1\n", Uid::effective()))?;
            fs::write(file("gid_map"), format!("0 {} 1\n", Gid::effective()))
        }
    }
}

/// Has a program that may do so map the caller's own id, and those set aside for the caller (newuidmap(1)).
fn map_range(name: &str, process: Pid, own: u32, range: IdRange) -> io::Result<()> {
    let program = program(name).ok_or(io::ErrorKind::NotFound)?;
    let numbers = [0, own, 1, 1, range.first, range.count].map(|number| number.to_string());
    let status = Command::new(program)
        .arg(process.to_string())
        .args(numbers)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(Errno::EPERM.into()) }
}

/// Returns whether the command is to have another number than the one id of its namespace.
pub(super) fn is_renumbered(user: &User, ids: &Ids) -> bool {
    *ids == Ids::Single && (user.uid, user.gid) != (0, 0)
}

/// Gives the one id that an ordinary user's namespace knows another number, by a further namespace inside. Needs a process that can be inspected.
pub(super) fn renumber(uid: u32, gid: u32) -> Result<(), Failure> {
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
