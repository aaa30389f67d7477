//! What a closed gate ends the program with.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_receipt::Closed;

const REBUILD: &str =
    "there are newer packages: build it again, after `consign lock --update` where a lock names their versions";

impl ExitCode {
    /// Returns the exit code of a gate that is closed.
    pub(crate) fn of_closed(closed: Closed) -> Self {
        match closed {
            Closed::Trial => Self::Trial,
            Closed::Policy => Self::Policy,
            Closed::Outdated => Self::Outdated,
            Closed::Database => Self::AdvisoryDatabase,
        }
    }
}

impl CommandError {
    /// Says what to do next, if the gate was closed for something that tells.
    pub(crate) fn closed_for(self, closed: Closed) -> Self {
        match closed {
            Closed::Outdated => self.hint(REBUILD),
            Closed::Trial | Closed::Policy | Closed::Database => self,
        }
    }
}
