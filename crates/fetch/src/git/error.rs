use super::GitAddressError;
use crate::FetchError;
use std::io;

/// Why something could not be taken from a git repository. Addresses are shown without users and passwords.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The address is none.
    #[error("`{written}` does not say what of a git repository is wanted")]
    Address {
        /// What is written, without user and password.
        written: String,
        /// What is wrong.
        source: GitAddressError,
    },
    /// There is no program `git` on the path.
    #[error("the repository {remote} needs the program `git`, which is not on the PATH: install git 2.31 or later")]
    Absent {
        /// The repository.
        remote: String,
    },
    /// There is no agent to log in with.
    #[error("the repository {remote} is reached by ssh, which needs an agent that has its key: add `--ssh default`")]
    Agent {
        /// The repository.
        remote: String,
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
    #[error("{remote}: `git {command}` did not end within {seconds} seconds")]
    Timeout {
        /// The repository.
        remote: String,
        /// The subcommand.
        command: String,
        /// The limit.
        seconds: u64,
    },
    /// There is more than is taken.
    #[error("{remote}: more than {limit} {what}")]
    TooMuch {
        /// The repository.
        remote: String,
        /// Of what.
        what: &'static str,
        /// The most that is taken.
        limit: u64,
    },
    /// Git failed.
    #[error("{remote}: `git {command}` failed: {message}")]
    Failed {
        /// The repository.
        remote: String,
        /// The subcommand.
        command: String,
        /// What it wrote to standard error, without control characters.
        message: String,
    },
    /// Git said something that cannot be understood.
    #[error("{remote}: `git {command}` gave an answer of an unknown form")]
    Answer {
        /// The repository.
        remote: String,
        /// The subcommand.
        command: String,
    },
    /// There is no such branch, tag or commit.
    #[error("{remote} has no branch, tag or commit `{reference}`")]
    NoReference {
        /// The repository.
        remote: String,
        /// What is wanted.
        reference: String,
    },
    /// The commit is not the one that it must be.
    #[error("{remote} has {found}, not {expected}")]
    OtherCommit {
        /// The repository.
        remote: String,
        /// What it must be, or how that begins.
        expected: String,
        /// What it is.
        found: String,
    },
    /// There is no such folder.
    #[error("{remote} has no folder `{folder}`")]
    NoFolder {
        /// The repository.
        remote: String,
        /// What is wanted.
        folder: String,
    },
    /// A name cannot be taken.
    #[error("{remote} has `{path}`, which cannot be in an image")]
    Path {
        /// The repository.
        remote: String,
        /// The path, as far as it is text.
        path: String,
    },
    /// A submodule cannot be found.
    #[error(
        "{remote} does not say where the submodule `{path}` is, or in a form that is not fetched: `?submodules=false` leaves all out"
    )]
    Submodule {
        /// The repository.
        remote: String,
        /// Its path.
        path: String,
    },
    /// It is not in the cache, and the network is not to be used.
    #[error("{remote}: not in the cache, and consign is offline")]
    Offline {
        /// The repository.
        remote: String,
    },
    /// The repository cannot be written down for the time that it is needed.
    #[error("cannot keep a git repository")]
    Scratch {
        /// Why not.
        source: io::Error,
    },
    /// The cache cannot be written.
    #[error(transparent)]
    Cache(#[from] FetchError),
}
