use std::fmt;

/// What keeps images on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker.
    Docker,
    /// The storage of podman, buildah, skopeo and CRI-O.
    Containers,
}

impl Engine {
    /// Returns what stands before the names of its images, as skopeo writes them (containers-transports(5)).
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Docker => "docker-daemon",
            Self::Containers => "containers-storage",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Docker => "docker",
            Self::Containers => "the storage of podman",
        })
    }
}
