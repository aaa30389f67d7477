use super::progress::Steps;
use super::source_lines::{SourceLine, source_lines};
use super::text::printable;
use std::fmt;
use tonic::Status;

/// How many lines of a log an error shows.
const LOG_LIMIT: usize = 20;

/// A build that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The daemon's own words.
    pub message: String,
    /// The lines of the Dockerfile that it is about.
    pub lines: Vec<SourceLine>,
    /// The step that failed, if it was one.
    pub step: Option<String>,
    /// The end of what the step printed.
    pub log: Vec<String>,
}

impl Failure {
    pub(crate) fn new(status: &Status, dockerfile: &[u8], steps: &Steps) -> Self {
        let (step, tail) = steps.failed().unzip();
        let tail = tail.unwrap_or_default();
        let log: Vec<&str> = tail.lines().collect();
        let log = log.iter().skip(log.len().saturating_sub(LOG_LIMIT)).map(|line| printable(line)).collect();
        let lines = source_lines(status, step.as_deref(), dockerfile);
        Self { message: printable(status.message()), lines, step, log }
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the build failed: {}", self.message)?;
        for line in &self.lines {
            write!(formatter, "\n{:>5} | {}", line.number, line.text)?;
        }
        if let Some(step) = self.step.as_ref().filter(|_| !self.log.is_empty()) {
            write!(formatter, "\nThe end of what `{step}` printed:")?;
            for line in &self.log {
                write!(formatter, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_line_and_log() {
        let failure = Failure {
            message: "exit code: 1".to_owned(),
            lines: vec![SourceLine { number: 4, text: "RUN false".to_owned() }],
            step: Some("[2/2] RUN false".to_owned()),
            log: vec!["no".to_owned()],
        };
        let expected =
            "the build failed: exit code: 1\n    4 | RUN false\nThe end of what `[2/2] RUN false` printed:\n    no";
        assert_eq!(failure.to_string(), expected);
    }
}
