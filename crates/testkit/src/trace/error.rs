use nix::errno::Errno;
use std::io;

/// A program that could not be run, or not be watched.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It could not be started.
    #[error("the program cannot be started")]
    Start(#[from] io::Error),
    /// The kernel refused.
    #[error("the kernel does not let this process {action}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: Errno,
    },
    /// The thread that watched it broke off.
    #[error("the thread that watched the program broke off")]
    Thread,
}

impl TraceError {
    pub(super) fn refused(action: &'static str) -> impl FnOnce(Errno) -> Self {
        move |source| Self::Refused { action, source }
    }
}
