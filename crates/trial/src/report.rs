use crate::AccountError;
use consign_receipt::Receipt;
use consign_sandbox::SandboxError;
use std::error::Error;
use std::time::Duration;

/// What came of a trial.
#[derive(Debug)]
pub struct TrialReport {
    /// How each test went, in the order given.
    pub results: Vec<TestReport>,
    /// The result as a receipt about the platform's manifest.
    pub receipt: Receipt,
}

/// How one test went.
#[derive(Debug)]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
    /// The end of its output.
    pub output: String,
}

impl TestReport {
    /// Returns whether the test passed.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }

    /// Returns why the test failed, in one line, if it did.
    pub fn reason(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        let mut reason = failure.to_string();
        let mut cause = failure.source();
        while let Some(error) = cause {
            reason.push_str(": ");
            reason.push_str(&error.to_string());
            cause = error.source();
        }
        Some(reason)
    }
}

/// Why a test failed.
#[derive(Debug, thiserror::Error)]
pub enum TestFailure {
    /// It ended with another exit code.
    #[error("ended with exit code {code}, not {expected}")]
    Exit {
        /// The code.
        code: i32,
        /// The code that was expected.
        expected: i32,
    },
    /// A signal ended it.
    #[error("was ended by signal {signal}")]
    Signal {
        /// Number of the signal.
        signal: i32,
    },
    /// It took too long.
    #[error("took longer than {} s", limit.as_secs_f64())]
    TimedOut {
        /// The time that it had.
        limit: Duration,
    },
    /// Its output lacks what was expected.
    #[error("its output does not contain `{expected}`{}", if *truncated { " (only the end of it was looked at)" } else { "" })]
    Output {
        /// The text that was expected.
        expected: String,
        /// Whether there was more output than is kept.
        truncated: bool,
    },
    /// The image does not know the user.
    #[error("cannot become the user")]
    Account(#[from] AccountError),
    /// The image does not let the command run: there is no such program or folder, or it is for another machine.
    #[error("cannot be run")]
    Command(#[source] SandboxError),
}
