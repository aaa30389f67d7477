use crate::Engine;
use std::io;
use std::path::PathBuf;

/// An engine that cannot be reached, or does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nobody answers at docker's socket.
    #[error("docker does not answer at {}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Docker says no.
    #[error("docker refuses `{request}`: {message}")]
    Refused {
        /// What it was asked for.
        request: String,
        /// What it says.
        message: String,
    },
    /// Docker stopped answering.
    #[error("docker's answer to `{request}` breaks off")]
    Broken {
        /// What it was asked for.
        request: String,
        /// Why.
        source: hyper::Error,
    },
    /// Docker cannot be asked.
    #[error("docker cannot be asked for `{request}`")]
    Unasked {
        /// What it was to be asked for.
        request: String,
        /// Why not.
        source: http::Error,
    },
    /// Docker does not answer in time.
    #[error("docker does not answer `{request}` within {seconds} seconds")]
    Silent {
        /// What it was asked for.
        request: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// No program is there that reaches the engine.
    #[error("the images of {engine} are reached by {}, which {} not on PATH", programs.join(", "), if programs.len() == 1 { "is" } else { "are" })]
    Missing {
        /// The engine.
        engine: Engine,
        /// The programs that reach it.
        programs: Vec<&'static str>,
    },
    /// The program cannot be run.
    #[error("`{program}` cannot be run")]
    Start {
        /// The program.
        program: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The program failed.
    #[error("`{command}` failed ({status}){}", if said.is_empty() { String::new() } else { format!(": {said}") })]
    Failed {
        /// The program and what it was to do.
        command: String,
        /// How it ended.
        status: String,
        /// What it said last.
        said: String,
    },
    /// The file with the archive cannot be written or read.
    #[error("cannot {action} {}", path.display())]
    Archive {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl EngineError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("run this as root, or as a member of the group `docker`")
            }
            Self::Connect { .. } => Some("start docker, or say where it is: DOCKER_HOST=unix:///PATH"),
            // Programs say it in the words of Go's library.
            Self::Failed { said, .. } if said.contains("no space left on device") => {
                Some("make space there and run this again; `consign store prune` removes what the store does not need")
            }
            Self::Missing { engine: Engine::Docker, .. } => Some(
                "install docker (Debian: docker.io), or let DOCKER_HOST name a socket of this machine: unix:///PATH",
            ),
            Self::Missing { engine: Engine::Containers, .. } => Some("install one of them (Debian: podman)"),
            _ => None,
        }
    }
}
