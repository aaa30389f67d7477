use super::Program;
use crate::buildkit::BuildkitError;
use consign_image::ImageError;
use consign_oci::Platform;
use std::io;
use std::path::PathBuf;

/// A build by somebody else that failed.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The daemon failed, or could not be spoken to.
    #[error(transparent)]
    Buildkit(Box<BuildkitError>),
    /// No daemon builds for the platform.
    #[error("no builder builds for {platform}: they build for {}", offered.join("; "))]
    Platform {
        /// What is wanted.
        platform: Platform,
        /// What each builds for.
        offered: Vec<String>,
    },
    /// The program is not there.
    #[error("`{program}` is to build, and is not on PATH: install {}, or leave `builder` out, and consign builds itself", match program { Program::Docker => "docker with buildx (Debian: docker.io and docker-buildx)", Program::Buildah => "buildah (Debian: buildah)" })]
    Missing {
        /// The program.
        program: Program,
    },
    /// The program cannot be run.
    #[error("`{program} {command}` cannot be run")]
    Start {
        /// The program.
        program: Program,
        /// What it was to do.
        command: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The program failed.
    #[error("`{program} {command}` failed ({status}){}", if said.is_empty() { String::new() } else { format!(": {said}") })]
    Failed {
        /// The program.
        program: Program,
        /// What it was to do.
        command: &'static str,
        /// How it ended.
        status: String,
        /// What it said last.
        said: String,
    },
    /// A context lies where the daemon cannot reach it.
    #[error(
        "the context `{name}` is an image on this machine, which no builder is given: push it, and write `docker-image://REF`"
    )]
    Layout {
        /// Its name.
        name: String,
    },
    /// A secret would go to the builder with the context.
    #[error("`{}` is secret, and lies in the context, which the builder gets: leave it out by `.dockerignore`", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The builder takes no folders with names.
    #[error("{builder} is too old for contexts with names, and would take something else for {}", names.join(", "))]
    Contexts {
        /// The builder.
        builder: String,
        /// The names.
        names: Vec<String>,
    },
    /// An image cannot be pinned.
    #[error("{}: `{name}` cannot be written by its digest, which the builder needs", path.display())]
    Pin {
        /// The file.
        path: PathBuf,
        /// The image, as written.
        name: String,
    },
    /// What the builder handed over cannot be read.
    #[error("what the builder handed over is no image")]
    Image(#[from] ImageError),
    /// What the builder handed over holds no image.
    #[error("the builder handed over an archive without an image")]
    Empty,
    /// What the builder hands over, or is given, cannot be written.
    #[error("cannot write what the builder hands over or is given")]
    Output {
        /// Why not.
        source: io::Error,
    },
}

impl From<BuildkitError> for RemoteError {
    fn from(error: BuildkitError) -> Self {
        Self::Buildkit(Box::new(error))
    }
}

impl RemoteError {
    /// Returns whether something else has to be asked for, and trying again does not help.
    pub(super) fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::Platform { .. }
                | Self::Missing { .. }
                | Self::Exposed { .. }
                | Self::Contexts { .. }
                | Self::Pin { .. }
        )
    }
}
