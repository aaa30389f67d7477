use super::output::Lines;
use super::runner::Runner;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

/// How long output is waited for that a process outside of the command's group may still write.
const GRACE: Duration = Duration::from_secs(2);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunExit {
    /// By itself, with this status.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
    /// It was killed because its time was up.
    TimedOut {
        /// Its time, in seconds.
        seconds: u64,
    },
}

impl fmt::Display for RunExit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "ended with exit status {code}"),
            Self::Signal(signal) => write!(formatter, "was ended by signal {signal}"),
            Self::TimedOut { seconds } => write!(formatter, "did not end within {seconds} s"),
        }
    }
}

impl RunExit {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

/// What to run.
pub(super) struct Process<'a> {
    pub(super) words: &'a [String],
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) folder: &'a Path,
    pub(super) time_limit: Duration,
}

impl Process<'_> {
    /// Runs it to its end, or to that of its time. It reads nothing, and `lines` sees what it writes. What it has started and left behind in its
    /// process group is ended.
    pub(super) async fn run(&self, runner: &Runner, lines: &mut Lines<'_>) -> io::Result<RunExit> {
        let (reader, writer) = io::pipe()?;
        let errors = writer.try_clone()?;
        let mut command = Command::new(self.program());
        command
            .args(self.words.iter().skip(1))
            .env_clear()
            .envs(self.environment)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(errors);
        // The command holds the pipe's other end, and is gone after this line.
        let (mut child, group) = runner.start(command)?;
        let mut reading = pin!(lines.fill(pipe::Receiver::from_owned_fd(reader.into())?));
        let mut time = pin!(sleep(self.time_limit));
        let mut open = true;
        let status = loop {
            tokio::select! {
                status = child.wait() => break Some(status?),
                read = &mut reading, if open => {
                    read?;
                    open = false;
                }
                () = &mut time => break None,
            }
        };
        group.kill();
        if status.is_none() {
            child.wait().await?;
        }
        if open {
            // Whoever keeps the pipe open beyond that is not listened to.
            if let Ok(read) = timeout(GRACE, reading).await {
                read?;
            }
        }
        Ok(status.map_or(RunExit::TimedOut { seconds: self.time_limit.as_secs() }, RunExit::of))
    }

    /// Returns the program: looked up in `PATH`, unless there is a slash in it.
    fn program(&self) -> PathBuf {
        let program = self.words.first().map_or("", String::as_str);
        if program.contains('/') { self.folder.join(program) } else { program.into() }
    }
}
