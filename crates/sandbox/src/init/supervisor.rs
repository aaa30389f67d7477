use super::{first, ids, jobs, process, report, report_failure};
use crate::order::{At, Failure, Order, Step};
use crate::{Command, Ids, Network, Root};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, Uid, dup2_stdin};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
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
    let mut input = BufReader::new(&channel);
    let result = match read_order(&mut input) {
        Ok(Order::Run(command)) => supervise(&command, &channel),
        Ok(order) => jobs::carry_out(order, input).map(|result| {
            report(&channel, &result);
            0
        }),
        Err(failure) => Err(failure),
    };
    result.unwrap_or_else(|failure| report_failure(&channel, failure))
}

/// Moves the channel away from standard input, where the command is to find nothing. The new descriptor closes by itself when the command starts.
fn take_channel() -> io::Result<UnixStream> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(channel.into())
}

fn read_order(input: impl BufRead) -> Result<Order, Failure> {
    let mut line = Vec::new();
    input.take(ORDER_LIMIT).read_until(b'\n', &mut line).at(Step::Order)?;
    serde_json::from_slice(&line).map_err(io::Error::from).at(Step::Order)
}

fn supervise(command: &Command, channel: &UnixStream) -> Result<i32, Failure> {
    let ids = match command.root {
        Root::Layers(_) => Ids::of_this_process(),
        // An ordinary user has unpacked it, and owns all that is in it.
        Root::Folder(_) if !Uid::effective().is_root() => Ids::Single,
        Root::Folder(_) => Ids::All,
    };
    let mut namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    namespaces.set(CloneFlags::CLONE_NEWNET, command.network == Network::None);
    ids::enter_namespaces(&ids, namespaces)?;

    let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
    let mut ours = Some(ours);
    let slot = &mut ours;
    let child = process::fork(move || {
        drop(slot.take());
        first::run(command, &ids, channel, &theirs)
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
