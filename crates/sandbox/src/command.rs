use crate::Emulation;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What to run, and in what surroundings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Folder that becomes `/`. Missing mount points (`/proc`, `/dev` and the temporary folders) are made in it.
    pub root: PathBuf,
    /// The program and its arguments. A program without a slash is looked up in the `PATH` of `environment`.
    pub arguments: Vec<String>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
    /// Who runs it.
    pub user: User,
    /// Folder that it starts in.
    pub working_directory: String,
    /// Name of the machine that it sees, at most 64 bytes.
    pub hostname: String,
    /// Whether everything but the temporary folders is read-only.
    pub read_only_root: bool,
    /// Folders that are empty, writable to all, in memory (at most 1 GiB each), and gone afterwards.
    pub temporary: Vec<String>,
    /// How programs of the root file system run on this machine.
    pub emulation: Emulation,
    /// Time after which it is killed, with everything that it started.
    pub time_limit: Duration,
    /// Bytes of output that are kept: the last ones.
    pub output_limit: usize,
}

impl Command {
    /// Makes a command with an empty environment that runs as root in `/`, natively, for at most a minute, and whose last 64 KiB of output are kept.
    pub fn new(root: impl Into<PathBuf>, arguments: Vec<String>) -> Self {
        Self {
            root: root.into(),
            arguments,
            environment: BTreeMap::new(),
            user: User::default(),
            working_directory: "/".to_owned(),
            hostname: "consign".to_owned(),
            read_only_root: false,
            temporary: vec!["/tmp".to_owned(), "/run".to_owned()],
            emulation: Emulation::Native,
            time_limit: Duration::from_secs(60),
            output_limit: 64 << 10,
        }
    }
}

/// A user and groups, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups. Left out where the caller is not root.
    pub groups: Vec<u32>,
}

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// The end of what it wrote to standard output and standard error, in the order written.
    pub output: Vec<u8>,
    /// Whether earlier output was dropped.
    pub truncated: bool,
}

impl Outcome {
    /// Returns the output as text. What is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.output)
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
    /// It was killed because its time was up.
    TimedOut,
}
