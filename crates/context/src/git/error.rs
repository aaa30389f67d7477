use std::io;
use std::path::PathBuf;

/// What keeps git from answering.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no program `git` on the path.
    #[error("`git` is not installed, or not on the PATH")]
    Absent,
    /// The folder is in no work tree.
    #[error("`{}` is not in the work tree of a git repository", folder.display())]
    NotARepository {
        /// The folder.
        folder: PathBuf,
    },
    /// Git refuses to look, since the repository could make it run another user's commands.
    #[error("the git repository at `{}` belongs to another user, so that git refuses to read it", folder.display())]
    Ownership {
        /// The folder.
        folder: PathBuf,
    },
    /// Git could not be started, or not be listened to.
    #[error("cannot run `git {command}`")]
    Run {
        /// The subcommand.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// Git took too long.
    #[error("`git {command}` did not end within {seconds} seconds")]
    Timeout {
        /// The subcommand.
        command: String,
        /// The limit.
        seconds: u64,
    },
    /// Git said too much.
    #[error("`git {command}` wrote more than {limit} bytes")]
    TooMuch {
        /// The subcommand.
        command: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Git failed.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// The first line that it wrote to standard error, without control characters.
        message: String,
    },
    /// Git said something that cannot be understood.
    #[error("`git {command}` gave an answer of an unknown form")]
    Answer {
        /// The subcommand.
        command: String,
    },
}

impl GitError {
    /// Returns whether there simply is no git here, so that a caller can go on without.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Absent | Self::NotARepository { .. })
    }

    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ownership { folder } => {
                Some(format!("if you trust it, run `git config --global --add safe.directory '{}'`", folder.display()))
            }
            Self::Absent => Some("install git, or write tags into the configuration".to_owned()),
            _ => None,
        }
    }
}
