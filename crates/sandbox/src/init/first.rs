use super::{command, mounts, network, process, report};
use crate::order::{At, Failure, Report, Step};
use crate::{Command, Exit, Ids, Network};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{Gid, Pid, Uid, fchown, sethostname};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// Is the first process of the sandbox's process namespace, and returns its exit code. `life` closes when the supervisor ends, who is told by it how it went.
pub(super) fn run(command: &Command, ids: &Ids, life: &UnixStream) -> i32 {
    if set_pdeathsig(Signal::SIGKILL).is_err() || is_over(life) {
        return 1;
    }
    report(life, &carry_out(command, ids).unwrap_or_else(Report::Failed))
}

/// Returns whether the supervisor had ended before this process asked to be told.
fn is_over(mut life: &UnixStream) -> bool {
    let nothing_yet = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
    life.set_nonblocking(true).is_err() || !life.read(&mut [0]).is_err_and(nothing_yet)
}

fn carry_out(command: &Command, ids: &Ids) -> Result<Report, Failure> {
    process::leave_session_keyring()?;
    // Not the supervisor's, which has work to do where paths mean what they did.
    unshare(CloneFlags::CLONE_NEWNS).at(Step::Namespaces)?;
    umask(Mode::from_bits_truncate(0o022));
    if command.network != Network::Host {
        network::loopback_up()?;
    }
    if command.network == Network::Private {
        network::refuse_link_local()?;
    }
    sethostname(&command.hostname).at_path(Step::HostName, &command.hostname)?;
    let _emulator = mounts::enter(command, ids)?;
    if *ids != Ids::Single {
        hand_over_output(command)?;
    }
    // The command must not see this process's memory, descriptors or program.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(Step::Process)?;

    let (mut reader, mut writer) = io::pipe().at(Step::Process)?;
    let child = process::fork(move || {
        let result = command::become_command(command, ids);
        let _ = serde_json::to_vec(&result).map(|bytes| writer.write_all(&bytes));
        1
    })?;
    // The pipe closes without a byte when the program starts.
    let mut result = Vec::new();
    reader.read_to_end(&mut result).at(Step::Process)?;
    if !result.is_empty() {
        return serde_json::from_slice(&result).map_err(io::Error::from).at(Step::Process);
    }
    Ok(Report::Ended(reap(child)?))
}

/// A pipe may be opened again, by way of /dev/stdout, only by its owner. A user of the one id that there is owns it already.
fn hand_over_output(command: &Command) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(command.user.uid), Gid::from_raw(command.user.gid));
    fchown(io::stdout(), Some(uid), Some(gid)).at(Step::Output)
}

/// Waits for the command, and for every orphan that ends before it.
fn reap(command: Pid) -> Result<Exit, Failure> {
    loop {
        match wait() {
            Ok(WaitStatus::Exited(process, code)) if process == command => return Ok(Exit::Code(code)),
            Ok(WaitStatus::Signaled(process, signal, _)) if process == command => {
                return Ok(Exit::Signal(signal as i32));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).at(Step::Wait),
        }
    }
}
