use super::connector::Connector;
use super::copy::Copied;
use super::watch::Watch;
use super::{first, ids, jobs, process, report};
use crate::order::{At, Failure, Order, Report, Step};
use crate::{Command, Exit, Ids, Network, Root};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sched::CloneFlags;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, Uid, dup2_stdin};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Longest order, in bytes.
const ORDER_LIMIT: u64 = 16 << 20;
/// Bytes that are read at once.
const INPUT: usize = 64 << 10;
/// Exit code where nobody waits any more.
const ABANDONED: i32 = 2;

/// Reads the order from standard input, carries it out, and returns the exit code.
pub(super) fn run() -> i32 {
    process::close_inherited();
    let Ok(channel) = take_channel() else { return 1 };
    let mut input = BufReader::with_capacity(INPUT, &channel);
    let result = match read_order(&mut input) {
        Ok(Order::Run { command, watch_memory, copy }) => supervise(&command, watch_memory, copy, &channel),
        Ok(order) => jobs::carry_out(order, input),
        Err(failure) => Err(failure),
    };
    report(&channel, &result.unwrap_or_else(Report::Failed))
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

fn supervise(command: &Command, watch_memory: bool, copy: bool, channel: &UnixStream) -> Result<Report, Failure> {
    let ids = match command.root {
        Root::Layers(_) => Ids::of_this_process(),
        // An ordinary user has unpacked it, and owns all that is in it.
        Root::Folder(_) if !Uid::effective().is_root() => Ids::Single,
        Root::Folder(_) => Ids::All,
    };
    let mut namespaces =
        CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWCGROUP;
    namespaces.set(CloneFlags::CLONE_NEWNET, command.network != Network::Host);
    let connector = match command.network {
        Network::Private => Some(Connector::start()?),
        Network::None | Network::Host => None,
    };
    ids::enter_namespaces(&ids, namespaces)?;
    let _connected = connector.map(Connector::connect).transpose()?;

    let mut watch = Watch::new(command, watch_memory)?;
    let (command, copied) = match if copy { Copied::make(command, &ids)? } else { None } {
        Some((command, copied)) => (Cow::Owned(command), Some(copied)),
        None => (Cow::Borrowed(command), None),
    };
    if let Some(copied) = &copied {
        watch.add(&copied.tree).at(Step::Copy)?;
    }
    let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
    let mut ours = Some(ours);
    let slot = &mut ours;
    let (command, ids) = (&*command, &ids);
    let child = process::fork(move || {
        drop(slot.take());
        first::run(command, ids, &theirs)
    })?;
    let Some(first) = ours else { return Err(Errno::EBADF).at(Step::Process) };
    if let Some(exit) = wait(channel, &first, child, &mut watch)? {
        kill(child, Signal::SIGKILL).at(Step::Wait)?;
        waitpid(child, None).at(Step::Wait)?;
        return Ok(Report::Ended(exit));
    }
    // It ends when it has said how it went.
    let mut said = Vec::new();
    (&first).read_to_end(&mut said).at(Step::Wait)?;
    waitpid(child, None).at(Step::Wait)?;
    let report = serde_json::from_slice(&said).map_err(io::Error::from).at(Step::Wait)?;
    // It may have been quicker than a look.
    if matches!(report, Report::Ended(_)) && watch.is_disk_full() {
        return Ok(Report::Ended(Exit::OutOfDisk));
    }
    if let (Report::Ended(_), Some(copied)) = (&report, copied) {
        copied.finish(ids)?;
    }
    Ok(report)
}

/// Waits for the first process to say how it went, or for a limit to be exceeded, which is returned. Where the process that asked is gone, this one ends, and
/// the first process with it.
fn wait(channel: &UnixStream, first: &UnixStream, child: Pid, watch: &mut Watch) -> Result<Option<Exit>, Failure> {
    loop {
        let mut watched = [first, channel].map(|stream| PollFd::new(stream.as_fd(), PollFlags::POLLIN));
        match poll(&mut watched, watch.pause()) {
            Ok(0) => {
                if let Some(exit) = watch.exceeded(child) {
                    return Ok(Some(exit));
                }
            }
            Ok(_) if watched[0].any() == Some(true) => return Ok(None),
            Ok(_) => process::exit(ABANDONED),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).at(Step::Wait),
        }
    }
}
