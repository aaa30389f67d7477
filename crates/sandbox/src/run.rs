use crate::init::REQUEST;
use crate::order::Report;
use crate::output::Tail;
use crate::program::sealed_copy;
use crate::{Command, Exit, Outcome, SandboxError};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::time::timeout;

/// Longest report of init, in bytes.
const REPORT_LIMIT: u64 = 64 << 10;
/// How long a killed sandbox may take to go away.
const GRACE: Duration = Duration::from_secs(10);

/// Runs commands in root file systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// A program whose `main` calls [`crate::init::main_if_requested`] first thing: as a rule, the running one.
    pub init: PathBuf,
}

impl Sandbox {
    /// Runs a command and returns how it ended. Dropping the future kills the command and everything that it started.
    pub async fn run(&self, command: &Command) -> Result<Outcome, SandboxError> {
        let channel_error = |source| SandboxError::Channel { source };
        let order = serde_json::to_string(command).map_err(|source| SandboxError::Order { source })? + "\n";
        let (ours, theirs) = StdUnixStream::pair().map_err(channel_error)?;
        let (reader, writer) = io::pipe().map_err(channel_error)?;
        let mut child = self.start(theirs.into(), writer)?;
        ours.set_nonblocking(true).map_err(channel_error)?;
        let channel = UnixStream::from_std(ours).map_err(channel_error)?;
        let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(channel_error)?;

        let mut output = Tail::new(command.output_limit);
        let report = {
            let mut work = pin!(async { tokio::try_join!(converse(channel, &order), output.fill(reader)) });
            match timeout(command.time_limit, &mut work).await {
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
        let (output, truncated) = output.finish();
        Ok(Outcome { exit, output, truncated })
    }

    fn start(&self, channel: OwnedFd, output: io::PipeWriter) -> Result<Child, SandboxError> {
        let start_error = |source| SandboxError::Start { program: self.init.clone(), source };
        let errors = output.try_clone().map_err(start_error)?;
        let program = sealed_copy(&self.init).map_err(start_error)?;
        // A process group of its own keeps Ctrl-C on the terminal away from it: whoever dropped the future decides.
        tokio::process::Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
            .arg0(&self.init)
            .arg(REQUEST)
            .env_clear()
            .stdin(channel)
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(start_error)
    }
}

async fn converse(mut channel: UnixStream, order: &str) -> io::Result<Vec<u8>> {
    channel.write_all(order.as_bytes()).await?;
    let mut report = Vec::new();
    channel.take(REPORT_LIMIT).read_to_end(&mut report).await?;
    Ok(report)
}
