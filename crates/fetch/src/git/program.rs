use super::address::shown;
use super::{GitAccess, GitError};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Longest complaint that is kept, in bytes.
const COMPLAINT_LIMIT: usize = 16 << 10;
/// How often it is looked whether git has ended, and every how many looks how much it wrote.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS_PER_SIZE: u32 = 40;
/// Where programs are looked for when no `PATH` is given.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// What git may speak: nothing that reaches files of this machine, or runs a command that an address names.
const PROTOCOLS: &str = "https:http:ssh:git";
/// Asks nobody, takes no key but the agent's, and no host that it does not know.
const SSH: &str = "ssh -F none -o BatchMode=yes -o IdentityFile=none -o ConnectTimeout=15 -o ClearAllForwardings=yes";

/// What git is told wherever it runs: nothing is run that a repository brings, and what is fetched is kept as it came.
const SETTINGS: [(&str, &str); 10] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("credential.helper", ""),
    ("fetch.unpackLimit", "1"),
    ("fetch.recurseSubmodules", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
];

/// The most that git may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    /// Bytes of its answer.
    pub(super) output: u64,
    /// Bytes of the repository.
    pub(super) size: u64,
}

/// The program `git`, and a bare repository that it works in.
pub(super) struct Program<'a> {
    pub(super) access: &'a GitAccess,
    /// What the repository is filled from.
    pub(super) remote: String,
    /// The repository that was asked for: this one, or one that has it as a submodule.
    pub(super) asked: &'a str,
    pub(super) folder: PathBuf,
    pub(super) bounds: Bounds,
}

impl Program<'_> {
    /// Returns the remote for messages.
    pub(super) fn shown(&self) -> String {
        shown(&self.remote)
    }

    /// Runs git, and returns what it wrote.
    pub(super) fn run(&self, arguments: &[&str], input: Option<File>) -> Result<Vec<u8>, GitError> {
        let name = arguments.first().copied().unwrap_or_default();
        let failed = |source| GitError::Run { command: name.to_owned(), source };
        let mut command = self.command(arguments);
        command.stdin(input.map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GitError::Absent { remote: self.shown() },
            _ => failed(error),
        })?;
        let output = collect(child.stdout.take(), self.bounds.output.saturating_add(1), false);
        let complaint = collect(child.stderr.take(), COMPLAINT_LIMIT as u64, true);
        let waited = self.wait(&mut child, name);
        if waited.is_err() {
            end(&mut child);
        }
        let is_success = waited?;
        let receive = |receiver: Receiver<io::Result<Vec<u8>>>| match receiver.recv_timeout(self.bounds.time) {
            Ok(read) => read.map_err(failed),
            Err(_) => Err(self.timeout(name)),
        };
        let output = receive(output)?;
        if output.len() as u64 > self.bounds.output {
            return Err(self.too_much("bytes", self.bounds.output));
        }
        if !is_success {
            return Err(self.failure(name, &receive(complaint)?));
        }
        Ok(output)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        let environment = &self.access.environment;
        command.args(arguments).current_dir(&self.folder).env_clear().process_group(0);
        command.envs(environment.iter().filter(|(name, _)| *name != "SSH_AUTH_SOCK"));
        command.env("PATH", environment.get("PATH").map_or(DEFAULT_PATH, String::as_str));
        if let Some(agent) = &self.access.agent {
            command.env("SSH_AUTH_SOCK", agent);
        }
        for (variable, value) in [
            ("LC_ALL", "C"),
            ("GIT_DIR", "."),
            ("GIT_ALLOW_PROTOCOL", PROTOCOLS),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_PROTOCOL_FROM_USER", "0"),
            ("GIT_SSH_COMMAND", SSH),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", "false"),
            ("SSH_ASKPASS", "false"),
            // An index has its place only here: see `history`.
            ("GIT_INDEX_FILE", "index"),
        ] {
            command.env(variable, value);
        }
        // By the environment, since everybody on the machine sees arguments, and there may be a password in the address.
        let own = [("remote.origin.url".to_owned(), self.remote.clone())];
        let header = self.access.header_for(&self.remote, self.asked);
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<(String, String)> = settings.chain(own).chain(header).collect();
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (name, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), name).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
    }

    /// Waits for git to end, within its bounds. Returns whether it ended well.
    fn wait(&self, child: &mut Child, name: &str) -> Result<bool, GitError> {
        let end = Instant::now() + self.bounds.time;
        for look in 1_u32.. {
            let status = child.try_wait().map_err(|source| GitError::Run { command: name.to_owned(), source })?;
            let looks = status.is_some() || look.is_multiple_of(LOOKS_PER_SIZE);
            if looks && size(&self.folder) > self.bounds.size {
                return Err(self.too_much("bytes", self.bounds.size));
            }
            if let Some(status) = status {
                return Ok(status.success());
            }
            if Instant::now() >= end {
                break;
            }
            thread::sleep(LOOK);
        }
        Err(self.timeout(name))
    }

    fn timeout(&self, name: &str) -> GitError {
        GitError::Timeout { remote: self.shown(), command: name.to_owned(), seconds: self.bounds.time.as_secs() }
    }

    pub(super) fn too_much(&self, what: &'static str, limit: u64) -> GitError {
        GitError::TooMuch { remote: self.shown(), what, limit }
    }

    pub(super) fn unexpected(&self, command: &str) -> GitError {
        GitError::Answer { remote: self.shown(), command: command.to_owned() }
    }

    fn failure(&self, name: &str, complaint: &[u8]) -> GitError {
        let text = String::from_utf8_lossy(complaint).replace(&self.remote, &self.shown());
        let said = |line: &&str| line.starts_with("fatal:") || line.starts_with("error:");
        let line = text.lines().find(said).or_else(|| text.lines().next()).unwrap_or_default();
        let message = line.chars().filter(|character| !character.is_control()).take(300).collect();
        GitError::Failed { remote: self.shown(), command: name.to_owned(), message }
    }
}

/// Ends git, and what it started.
fn end(child: &mut Child) {
    // That it has ended already is no matter.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// Reads a stream on a thread of its own, up to a limit. What is beyond is drained, or the stream is closed.
fn collect(stream: Option<impl Read + Send + 'static>, limit: u64, drain: bool) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let read = |mut stream: Box<dyn Read>| {
            let mut bytes = Vec::new();
            stream.by_ref().take(limit).read_to_end(&mut bytes)?;
            if drain {
                io::copy(&mut stream, &mut io::sink())?;
            }
            Ok(bytes)
        };
        let result = stream.map_or_else(|| Ok(Vec::new()), |stream| read(Box::new(stream)));
        // Nobody listens any more after a timeout.
        let _ = sender.send(result);
    });
    receiver
}

/// Returns how many bytes the files in a folder have. What goes meanwhile counts nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of_entry = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(of_entry).sum()
}
