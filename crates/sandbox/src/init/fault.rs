use crate::LayerFault;
use crate::order::{At, Failure, Report, Step};
use std::io;

/// Why work on a layer ended early.
#[derive(Debug)]
pub(super) enum Fault {
    /// Something about the layer.
    Layer { path: String, fault: LayerFault },
    /// Something about the system.
    System(Failure),
}

impl Fault {
    pub(super) fn layer(path: &[u8], fault: LayerFault) -> Self {
        Self::Layer { path: shown(path), fault }
    }

    pub(super) fn malformed(path: &[u8], reason: &str) -> Self {
        Self::layer(path, LayerFault::Malformed { reason: reason.to_owned() })
    }

    /// Returns a report, or the failure.
    pub(super) fn report(self) -> Result<Report, Failure> {
        match self {
            Self::Layer { path, fault } => Ok(Report::Refused { path, fault }),
            Self::System(failure) => Err(failure),
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::System(failure)
    }
}

/// Says at which path something failed.
pub(super) trait AtEntry<T> {
    fn at_entry(self, step: Step, path: &[u8]) -> Result<T, Fault>;
}

impl<T, E: Into<io::Error>> AtEntry<T> for Result<T, E> {
    fn at_entry(self, step: Step, path: &[u8]) -> Result<T, Fault> {
        Ok(self.at_path(step, &shown(path))?)
    }
}

/// Returns a path for people to read.
pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
