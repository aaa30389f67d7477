use super::{first, ids, process, report_failure};
use crate::Command;
use crate::order::{At, Failure, Step};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, Uid, dup2_stdin};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Longest order, in bytes.
const ORDER_LIMIT: u64 = 16 << 20;
/// Exit code where the first process was killed, or nobody waits for it any more.
const ABANDONED: i32 = 2;

/// Reads the order from standard input, carries it out, and returns the exit code.
pub(super) fn run() -> i32 {
    process::close_inherited();
    let Ok(channel) = take_channel() else { return 1 };
    match read_order(&channel).and_then(|command| supervise(&command, &channel)) {
        Ok(code) => code,
        Err(failure) => report_failure(&channel, failure),
    }
}

/// Moves the channel away from standard input, where the command is to find nothing. The new descriptor closes by itself when the command starts.
fn take_channel() -> io::Result<UnixStream> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(channel.into())
}

fn read_order(channel: &UnixStream) -> Result<Command, Failure> {
    let mut line = String::new();
    BufReader::new(channel.take(ORDER_LIMIT)).read_line(&mut line).at(Step::Order)?;
    serde_json::from_str(&line).map_err(io::Error::from).at(Step::Order)
}

fn supervise(command: &Command, channel: &UnixStream) -> Result<i32, Failure> {
    let is_root = Uid::effective().is_root();
    let mapper = ids::Mapper::start(is_root)?;
    unshare(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWCGROUP,
    )
    .at(Step::Namespaces)?;
    mapper.finish()?;

    let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
    let mut ours = Some(ours);
    let slot = &mut ours;
    let child = process::fork(move || {
        drop(slot.take());
        first::run(command, is_root, channel, &theirs)
    })?;
    wait(channel, ours.as_ref(), child)
}

/// Waits for the first process to end, or for the process that asked to be gone: then this one ends, and the first process with it.
fn wait(channel: &UnixStream, life: Option<&UnixStream>, child: Pid) -> Result<i32, Failure> {
    let mut watched: Vec<PollFd<'_>> =
        life.into_iter().chain([channel]).map(|stream| PollFd::new(stream.as_fd(), PollFlags::POLLIN)).collect();
    while let Err(Errno::EINTR) = poll(&mut watched, PollTimeout::NONE) {}
    if watched.first().and_then(PollFd::any) != Some(true) {
        return Ok(ABANDONED);
    }
    match waitpid(child, None).at(Step::Wait)? {
        WaitStatus::Exited(_, code) => Ok(code),
        _ => Ok(ABANDONED),
    }
}
