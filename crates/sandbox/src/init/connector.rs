//! A network of the sandbox's own. A program of the machine's, slirp4netns(1), speaks for the sandbox as an ordinary process would, so no right is needed for it.

use super::process;
use crate::connection::{PROGRAM, program};
use crate::order::{At, Failure, Step};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getpid};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// How long the program may take to connect, in milliseconds.
const PATIENCE: u16 = 20_000;
/// What the interface is called.
const INTERFACE: &str = "tap0";

/// The program, which ends with this.
pub(super) struct Connected(Pid);

impl Drop for Connected {
    fn drop(&mut self) {
        // Where this process ends without it, the program is killed all the same, and somebody else's to wait for.
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitpid(self.0, None);
    }
}

/// A process that stays outside of the namespaces that this one makes next, and becomes the program that connects them.
pub(super) struct Connector {
    process: Connected,
    channel: UnixStream,
    ready: PipeReader,
}

impl Connector {
    /// Starts the process, which waits for [`Connector::connect`], and ends with this one.
    pub(super) fn start() -> Result<Self, Failure> {
        let (ours, theirs) = UnixStream::pair().at(Step::Process)?;
        let (ready, said) = io::pipe().at(Step::Process)?;
        let target = getpid();
        let mut kept = Some((ours, ready));
        let slot = &mut kept;
        let process = process::fork(move || {
            drop(slot.take());
            become_program(&theirs, &said, target);
            1
        })?;
        let (channel, ready) = kept.ok_or(Errno::EBADF).at(Step::Connection)?;
        Ok(Self { process: Connected(process), channel, ready })
    }

    /// Connects the network namespace that this process is in by now.
    pub(super) fn connect(mut self) -> Result<Connected, Failure> {
        self.channel.write_all(&[1]).at(Step::Connection)?;
        let mut watched = [PollFd::new(self.ready.as_fd(), PollFlags::POLLIN)];
        if poll(&mut watched, PollTimeout::from(PATIENCE)).at(Step::Connection)? == 0 {
            return Err(Errno::ETIMEDOUT).at_path(Step::Connection, PROGRAM);
        }
        // The pipe closes without a byte where the program failed.
        match self.ready.read(&mut [0]).at(Step::Connection)? {
            0 => Err(Errno::ENETDOWN).at_path(Step::Connection, PROGRAM),
            _ => Ok(self.process),
        }
    }
}

/// Becomes the program when told to, and returns where it cannot, or is not told.
fn become_program(mut channel: &UnixStream, ready: &PipeWriter, target: Pid) {
    // The channel closes without a byte where the namespaces could not be made.
    if set_pdeathsig(Signal::SIGKILL).is_err() || channel.read_exact(&mut [0]).is_err() {
        return;
    }
    let Some(program) = program() else { return };
    if fcntl(ready.as_fd(), FcntlArg::F_SETFD(FdFlag::empty())).is_err() {
        return;
    }
    let _error = Command::new(program)
        .args(["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox"])
        .arg(format!("--ready-fd={}", ready.as_raw_fd()))
        .args([&target.to_string(), INTERFACE])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .exec();
}
