use consign_oci::PlatformError;
use consign_sandbox::{EmulationError, SandboxError};
use std::path::PathBuf;

/// A trial that could not be held. That an image fails its tests is no error, but a result.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The image's programs do not run on this machine.
    #[error(transparent)]
    Emulation(#[from] EmulationError),
    /// This machine has an architecture that has no name.
    #[error("this machine's architecture is not known")]
    Host(#[from] PlatformError),
    /// The sandbox for a test could not be made.
    #[error("could not run the test `{test}`")]
    Sandbox {
        /// Name of the test.
        test: String,
        /// Why not.
        source: SandboxError,
    },
    /// No program can run where the image was unpacked, whatever the image is like.
    #[error("{} lies on a file system from which no program may be run (`noexec`)", root.display())]
    NoExecution {
        /// The folder that the image was unpacked into.
        root: PathBuf,
    },
    /// The receipt could not be written.
    #[error("could not write the result down")]
    Receipt(#[from] serde_json::Error),
}
