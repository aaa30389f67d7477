use crate::buildkit::{Address, Tls};
use consign_oci::Platform;
use std::fmt;

/// A BuildKit daemon that builds in consign's place.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Where it is.
    pub address: Address,
    /// How to recognize it; `None` for no TLS.
    pub tls: Option<Tls>,
    /// What it is to build for; all that it says it can if there are none.
    pub platforms: Vec<Platform>,
}

/// A program that builds in consign's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Docker's client, which has the engine or a BuildKit build: with buildx where that is, else 20.10's own.
    Docker,
    /// Buildah.
    Buildah,
}

impl Program {
    /// Returns what it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Buildah => "buildah",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
