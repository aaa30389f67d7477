use super::GitError;
use crate::Environment;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longest run of git.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Longest answer, in bytes. Room for 100,000 tags.
const OUTPUT_LIMIT: usize = 16 << 20;
/// Longest complaint that is kept, in bytes.
const COMPLAINT_LIMIT: usize = 16 << 10;
/// Where programs are looked for when no `PATH` is given.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Settings that keep a repository's own configuration from running commands or changing the form of answers.
const SETTINGS: [&str; 10] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "status.relativePaths=false",
    "-c",
    "color.ui=false",
];

/// The program `git`, with the folder to run it in.
#[derive(Clone, Debug)]
pub(super) struct Program {
    folder: PathBuf,
    path: String,
    home: Option<String>,
}

/// What one run of git said.
pub(super) struct Answer {
    command: String,
    folder: PathBuf,
    status: ExitStatus,
    output: Vec<u8>,
    complaint: String,
}

impl Program {
    pub(super) fn new(folder: &Path, environment: &Environment) -> Self {
        Self {
            folder: folder.to_owned(),
            path: environment.get("PATH").cloned().unwrap_or_else(|| DEFAULT_PATH.to_owned()),
            home: environment.get("HOME").cloned(),
        }
    }

    /// Runs git within bounds of time and output. The machine's and the user's own settings are read, since they say which
    /// directories are safe.
    pub(super) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Answer, GitError> {
        let name = arguments.first().map(|first| first.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        let failed = |source: io::Error| GitError::Run { command: name.clone(), source };
        let mut command = Command::new("git");
        command
            .arg("--no-pager")
            .args(SETTINGS)
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", &self.path);
        if let Some(home) = &self.home {
            command.env("HOME", home);
        }
        for (variable, value) in [
            ("LC_ALL", "C"),
            ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ] {
            command.env(variable, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GitError::Absent,
            _ => failed(error),
        })?;
        let listened = listen(&mut child);
        if listened.is_err() {
            // Whatever went wrong, no process is left behind; that it may have ended already is no matter.
            let _ = child.kill();
            let _ = child.wait();
        }
        match listened {
            Ok((status, output, complaint)) => {
                let complaint = String::from_utf8_lossy(&complaint).into_owned();
                Ok(Answer { command: name, folder: self.folder.clone(), status, output, complaint })
            }
            Err(Trouble::Timeout) => Err(GitError::Timeout { command: name, seconds: TIME_LIMIT.as_secs() }),
            Err(Trouble::TooMuch) => Err(GitError::TooMuch { command: name, limit: OUTPUT_LIMIT }),
            Err(Trouble::Io(source)) => Err(failed(source)),
        }
    }
}

enum Trouble {
    Timeout,
    TooMuch,
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn listen(child: &mut Child) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), Trouble> {
    let end = Instant::now() + TIME_LIMIT;
    let output = collect(child.stdout.take(), OUTPUT_LIMIT + 1, false);
    let complaint = collect(child.stderr.take(), COMPLAINT_LIMIT, true);
    let receive = |receiver: mpsc::Receiver<io::Result<Vec<u8>>>| match receiver
        .recv_timeout(end.saturating_duration_since(Instant::now()))
    {
        Ok(bytes) => Ok(bytes?),
        Err(_) => Err(Trouble::Timeout),
    };
    let output = receive(output)?;
    if output.len() > OUTPUT_LIMIT {
        return Err(Trouble::TooMuch);
    }
    let complaint = receive(complaint)?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, output, complaint));
        }
        if Instant::now() >= end {
            return Err(Trouble::Timeout);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Reads a stream on a thread of its own, up to a limit. What is beyond is drained, or the stream is closed.
fn collect(
    stream: Option<impl Read + Send + 'static>,
    limit: usize,
    drain: bool,
) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let read = |mut stream: Box<dyn Read>| {
            let mut bytes = Vec::new();
            stream.by_ref().take(limit as u64).read_to_end(&mut bytes)?;
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

impl Answer {
    pub(super) fn success(&self) -> bool {
        self.status.success()
    }

    pub(super) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Returns whether git complained in these words.
    pub(super) fn says(&self, words: &str) -> bool {
        self.complaint.contains(words)
    }

    /// Returns the work tree that git refuses to read, which may be above the folder: its name is what git has to be told.
    fn refused(&self) -> PathBuf {
        let named = self.complaint.split("repository at '").nth(1).and_then(|rest| rest.split("'\n").next());
        let named = named.map(PathBuf::from).filter(|path| path.is_absolute());
        named.unwrap_or_else(|| self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone()))
    }

    /// Returns the answer if git ended well.
    pub(super) fn expect_success(self) -> Result<Self, GitError> {
        if self.success() {
            return Ok(self);
        }
        if self.says("dubious ownership") {
            return Err(GitError::Ownership { folder: self.refused() });
        }
        let line = self.complaint.lines().next().unwrap_or_default();
        let message: String = line.chars().filter(|c| !c.is_control()).take(300).collect();
        Err(GitError::Failed { command: self.command, message })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// Returns the lines of the answer. Those that are not UTF-8 are left out.
    pub(super) fn lines(&self) -> Vec<&str> {
        let lines = self.output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.filter_map(|line| std::str::from_utf8(line).ok()).collect()
    }

    /// Returns the texts of an answer that a NUL ends each of. Those that are not UTF-8 are left out.
    pub(super) fn texts(&self) -> Vec<&str> {
        let texts = self.output.split(|byte| *byte == 0).filter(|text| !text.is_empty());
        texts.filter_map(|text| std::str::from_utf8(text).ok()).collect()
    }

    /// Returns the answer if it is a single line.
    pub(super) fn line(&self) -> Result<&str, GitError> {
        match self.lines()[..] {
            [line] => Ok(line),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn unexpected(&self) -> GitError {
        GitError::Answer { command: self.command.clone() }
    }
}
