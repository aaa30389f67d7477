use super::process::RunExit;
use crate::specification::Place;
use consign_oci::Platform;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A command of an image file that cannot be run, or fails.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A variable that it is to see is not set.
    #[error("{place}: the environment variable `{name}` is not set")]
    Variable {
        /// Where the image file names it.
        place: Place,
        /// The variable.
        name: String,
    },
    /// A word in braces means nothing for the platform.
    #[error("{place}: `{word}` stands for nothing for {platform}")]
    Word {
        /// Where the image file has it.
        place: Place,
        /// The word, in braces.
        word: String,
        /// The platform.
        platform: Platform,
    },
    /// An input is not there.
    #[error("{place}: there is no input `{path}`")]
    Input {
        /// Where the image file names it.
        place: Place,
        /// The input, filled in.
        path: String,
    },
    /// The folder to run in is not there.
    #[error("{place}: {} is not a folder", path.display())]
    Directory {
        /// Where the image file says what to run.
        place: Place,
        /// The folder.
        path: PathBuf,
    },
    /// An input cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The input.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Too many inputs.
    #[error("more than {limit} files are inputs of the command; say with `inputs` which it reads")]
    TooMany {
        /// The most that is allowed.
        limit: usize,
    },
    /// The command cannot be started, or not be listened to.
    #[error("{place}: cannot run {command}")]
    Start {
        /// Where the image file says what to run.
        place: Place,
        /// The command, as typed.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// The command failed.
    #[error("{place}: {command} for {platform} {exit}")]
    Failed {
        /// Where the image file says what to run.
        place: Place,
        /// The command, as typed.
        command: String,
        /// What it was run for.
        platform: Platform,
        /// How it ended.
        exit: RunExit,
        /// What it wrote last.
        source: RunOutput,
    },
    /// An input changed while the command ran.
    #[error(
        "{place}: `{path}` changed while {command} ran, so what that made may follow from either; \
         what the command itself writes is no input: let git ignore it, or leave it out of `inputs`"
    )]
    Changed {
        /// Where the image file says what to run.
        place: Place,
        /// The command, as typed.
        command: String,
        /// The input.
        path: String,
    },
}

impl RunError {
    /// Returns whether the image file has to be changed.
    pub(crate) fn is_of_file(&self) -> bool {
        match self {
            Self::Variable { .. }
            | Self::Word { .. }
            | Self::Input { .. }
            | Self::Directory { .. }
            | Self::TooMany { .. } => true,
            Self::Read { .. } | Self::Start { .. } | Self::Failed { .. } | Self::Changed { .. } => false,
        }
    }
}

/// The last lines that a command wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    lines: Vec<String>,
}

impl RunOutput {
    pub(super) fn new(lines: Vec<String>) -> Self {
        Self { lines }
    }

    /// Returns the lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl fmt::Display for RunOutput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lines[..] {
            [] => formatter.write_str("it wrote nothing"),
            // Marked, since what it says is not what consign says.
            lines => write!(formatter, "it wrote:\n| {}", lines.join("\n| ")),
        }
    }
}

impl std::error::Error for RunOutput {}
