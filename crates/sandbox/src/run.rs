use crate::group::Group;
use crate::init::REQUEST;
use crate::order::{Order, Report};
use crate::output::{Lines, Tail};
use crate::program::sealed_copy;
use crate::{Command, Exit, Ids, MountKind, Outcome, Root, SandboxError, Step};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::pin::pin;
use std::process;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::time::timeout;

/// Longest report of init, in bytes.
pub(crate) const REPORT_LIMIT: u64 = 64 << 10;
/// How long a killed sandbox may take to go away.
const GRACE: Duration = Duration::from_secs(10);

/// Runs commands in root file systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// A program whose `main` calls [`crate::init::main_if_requested`] first thing: as a rule, the running one.
    pub init: PathBuf,
}

impl Sandbox {
    /// Returns the ids that sandboxes of stacked layers know here.
    pub fn ids(&self) -> Ids {
        Ids::of_this_process()
    }

    /// Runs a command and returns how it ended. Dropping the future kills the command and everything that it started.
    pub async fn run(&self, command: &Command) -> Result<Outcome, SandboxError> {
        self.stream(command, &mut |_| {}).await
    }

    /// Runs a command as [`Sandbox::run`] does, and hands on what it writes while it runs, line by line, within the limit on its output.
    pub async fn stream(
        &self,
        command: &Command,
        lines: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Outcome, SandboxError> {
        self.check_ids(command)?;
        match self.attempt(command, false, lines).await {
            // The kernel, or the file system that the layers are on, does not do it; nothing has run yet.
            Err(SandboxError::Setup { step: Step::Overlay, .. }) if command.root.has_upper() => {
                self.attempt(command, true, lines).await
            }
            other => other,
        }
    }

    pub(crate) async fn attempt(
        &self,
        command: &Command,
        copy: bool,
        lines: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<Outcome, SandboxError> {
        let channel_error = |source| SandboxError::Channel { source };
        let (ours, theirs) = StdUnixStream::pair().map_err(channel_error)?;
        let (reader, writer) = io::pipe().map_err(channel_error)?;
        // Before the child, so that it is let go of after it.
        let mut group = None;
        let mut child = self.start(theirs.into(), writer)?;
        // Before it has its order, it starts nothing.
        if let Some((limit, process)) = command.limits.memory.zip(child.id()) {
            group = Group::around(process, limit).ok();
        }
        let order =
            order_line(&Order::Run { command: Box::new(command.clone()), watch_memory: group.is_none(), copy })?;
        let mut lines = Lines::new(lines, command.limits.output);
        ours.set_nonblocking(true).map_err(channel_error)?;
        let channel = UnixStream::from_std(ours).map_err(channel_error)?;
        let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(channel_error)?;

        let mut output = Tail::new(command.limits.kept_output);
        let report = {
            let mut work = pin!(async { tokio::try_join!(converse(channel, &order), output.fill(reader, &mut lines)) });
            match timeout(command.limits.time, &mut work).await {
                Ok(result) => Some(result.map_err(channel_error)?.0),
                Err(_) => {
                    child.start_kill().map_err(channel_error)?;
                    // Output ends when the last process of the sandbox has ended. What went wrong with it does not matter any more.
                    let _ = timeout(GRACE, work).await;
                    None
                }
            }
        };
        let status = child.wait().await.map_err(channel_error)?;
        let exit = match report {
            None => Exit::TimedOut,
            Some(report) => {
                let report: Report = serde_json::from_slice(&report).map_err(|_| SandboxError::Silent { status })?;
                SandboxError::of_report(report, command.arguments.first().map_or("", String::as_str))?
            }
        };
        let exit = match exit {
            Exit::Code(0) | Exit::TimedOut => exit,
            _ if group.as_ref().is_some_and(Group::has_killed) => Exit::OutOfMemory,
            _ => exit,
        };
        let (output, truncated) = output.finish();
        Ok(Outcome { exit, output, truncated, clipped: lines.is_clipped() })
    }

    /// An owner that the sandbox does not know would silently become another.
    fn check_ids(&self, command: &Command) -> Result<(), SandboxError> {
        let Root::Layers(_) = command.root else { return Ok(()) };
        let files = command.mounts.iter().filter_map(|mount| match &mount.kind {
            MountKind::File(file) => Some((file.uid, file.gid)),
            _ => None,
        });
        let ids = self.ids();
        let mut wanted = std::iter::once((command.user.uid, command.user.gid)).chain(files);
        match wanted.find(|(uid, gid)| !ids.knows(*uid, *gid)) {
            Some((uid, gid)) => Err(SandboxError::Ids { uid, gid }),
            None => Ok(()),
        }
    }

    fn start(&self, channel: OwnedFd, output: io::PipeWriter) -> Result<Child, SandboxError> {
        let start_error = |source| SandboxError::Start { program: self.init.clone(), source };
        let errors = output.try_clone().map_err(start_error)?;
        let program = sealed_copy(&self.init).map_err(start_error)?;
        let mut command = self.program(&program, channel);
        command.stdout(output).stderr(errors);
        tokio::process::Command::from(command).kill_on_drop(true).spawn().map_err(start_error)
    }

    /// Returns how to start init. `program` has to be open until it is started.
    pub(crate) fn program(&self, program: &OwnedFd, channel: OwnedFd) -> process::Command {
        let mut command = process::Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
        // A process group of its own keeps Ctrl-C on the terminal away from it: whoever dropped the future decides.
        command.arg0(&self.init).arg(REQUEST).env_clear().stdin(channel).process_group(0);
        command
    }
}

/// Returns an order as a line.
pub(crate) fn order_line(order: &Order) -> Result<String, SandboxError> {
    Ok(serde_json::to_string(order).map_err(|source| SandboxError::Order { source })? + "\n")
}

async fn converse(mut channel: UnixStream, order: &str) -> io::Result<Vec<u8>> {
    channel.write_all(order.as_bytes()).await?;
    let mut report = Vec::new();
    channel.take(REPORT_LIMIT).read_to_end(&mut report).await?;
    Ok(report)
}
