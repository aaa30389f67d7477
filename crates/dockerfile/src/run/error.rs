use crate::files::why_unknown;
use consign_oci::Digest;
use consign_sandbox::{EmulationError, Exit, SandboxError};
use consign_store::StoreError;
use std::io;
use std::path::{Path, PathBuf};

/// A command that failed, or that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It failed.
    #[error("the command {}{}", ended(*exit), tail(output))]
    Failed {
        /// How it ended.
        exit: Exit,
        /// The end of what it wrote.
        output: String,
        /// Whether it had no network, though it did not ask for none, and speaks of what comes of that.
        offline: bool,
        /// Whether it knew one id, and speaks of what the kernel says of any other.
        lacks_ids: bool,
    },
    /// It asks for all rights, and nobody allowed it.
    #[error(
        "`--security=insecure` gives a command all rights, with which it can get out of the build: `--allow security.insecure` allows it"
    )]
    NotAllowed,
    /// It asks for all rights, and there are none to give.
    #[error(
        "`--security=insecure` needs rights that only root has: run consign as root, or have a BuildKit build it (`--builder`)"
    )]
    NotRoot,
    /// It asks for a device.
    #[error(
        "`--device` asks for a device by CDI, and consign hands none to commands: have a BuildKit build it (`--builder`)"
    )]
    Device,
    /// This machine runs no programs of the platform.
    #[error(transparent)]
    Emulation(#[from] EmulationError),
    /// The sandbox could not be made, or a layer not be unpacked or packed.
    #[error(transparent)]
    Sandbox(#[from] Box<SandboxError>),
    /// The image has no such user.
    #[error("USER `{user}`: {}", why_unknown(user))]
    User {
        /// What is written.
        user: String,
    },
    /// A secret is not given.
    #[error("the secret `{id}` is required, and not given")]
    Secret {
        /// The secret.
        id: String,
    },
    /// An agent is not given.
    #[error("the SSH agent `{id}` is required, and not given")]
    Agent {
        /// The agent.
        id: String,
    },
    /// A layer cannot be read.
    #[error("the layer {digest} cannot be read")]
    Layer {
        /// The layer.
        digest: Digest,
        /// What is wrong.
        source: io::Error,
    },
    /// A layer cannot be written.
    #[error("cannot write the layer")]
    Write {
        /// Why not.
        source: io::Error,
    },
    /// It cannot be worked in a folder.
    #[error("cannot {action} `{}`", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder cannot be had for oneself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread ended early.
    #[error("the layer of the command could not be made")]
    Worker {
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl RunError {
    /// Says what was tried in which folder.
    pub(super) fn folder(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Folder { action, path: path.clone(), source }
    }
}

impl From<SandboxError> for RunError {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(Box::new(error))
    }
}

/// Returns whether an output speaks of what programs say where there is no network (strerror(3), gai_strerror(3), and what languages make of them).
pub(super) fn speaks_of_networks(output: &str) -> bool {
    let output = output.to_lowercase();
    const WORDS: [&str; 8] =
        ["network", "resolve", "resolution", "unreachable", "connect", "lookup", "getaddrinfo", "bad address"];
    WORDS.iter().any(|word| output.contains(word))
}

/// Returns whether an output speaks of what the kernel says of owners that a sandbox does not know (chown(2), setgroups(2)).
pub(super) fn speaks_of_ids(output: &str) -> bool {
    let output = output.to_lowercase();
    ["invalid argument", "operation not permitted"].iter().any(|said| output.contains(said))
}

fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ended with exit status {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::TimedOut => "did not end in its time".to_owned(),
        Exit::OutOfMemory => "used more memory than it may".to_owned(),
        Exit::OutOfDisk => "wrote more to disk than it may".to_owned(),
    }
}

/// Returns the last lines of an output, for a message.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let last = &lines[lines.len().saturating_sub(10)..];
    last.iter().map(|line| format!("\n    {line}")).collect()
}
