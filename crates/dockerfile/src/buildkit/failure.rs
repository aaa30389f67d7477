use super::progress::Steps;
use super::protocol::status::{RpcStatus, Source};
use super::request::DOCKERFILE;
use prost::Message as _;
use std::fmt;
use tonic::Status;

/// How many lines of the Dockerfile an error shows.
const LINE_LIMIT: usize = 10;
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

/// A line of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub text: String,
}

impl Failure {
    pub(crate) fn new(status: &Status, dockerfile: &[u8], steps: &Steps) -> Self {
        let (step, tail) = steps.failed().unzip();
        let tail = tail.unwrap_or_default();
        let log: Vec<&str> = tail.lines().collect();
        let log = log.iter().skip(log.len().saturating_sub(LOG_LIMIT)).map(|line| printable(line)).collect();
        Self { message: printable(status.message()), lines: lines(status.details(), dockerfile), step, log }
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

/// Returns the lines that an error's details point at.
fn lines(details: &[u8], dockerfile: &[u8]) -> Vec<SourceLine> {
    let details = RpcStatus::decode(details).unwrap_or_default().details;
    let sources = details.into_iter().filter(|detail| detail.type_url.contains("errdefs.Source"));
    let sources = sources.filter_map(|detail| {
        // Which of both it is depends on the daemon's age.
        serde_json::from_slice(&detail.value).ok().or_else(|| Source::decode(detail.value.as_slice()).ok())
    });
    let mut numbers: Vec<usize> = sources
        .filter(|source: &Source| source.info.as_ref().is_some_and(|info| info.filename == DOCKERFILE))
        .flat_map(|source| source.ranges)
        .filter_map(|range| {
            let first = usize::try_from(range.start?.line).ok()?;
            let last = range.end.and_then(|end| usize::try_from(end.line).ok()).unwrap_or(first);
            Some((first..=last.max(first)).take(LINE_LIMIT))
        })
        .take(LINE_LIMIT)
        .flatten()
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let text = String::from_utf8_lossy(dockerfile);
    let all: Vec<&str> = text.lines().collect();
    let line = |number: usize| {
        let text = printable(all.get(number.checked_sub(1)?)?);
        Some(SourceLine { number, text })
    };
    numbers.into_iter().filter_map(line).take(LINE_LIMIT).collect()
}

/// Returns a text without what would move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(4096).collect()
}

#[cfg(test)]
mod tests {
    use super::super::protocol::status::{Any, Position, Range, SourceInfo};
    use super::*;

    const TEXT: &[u8] = b"FROM scratch\nCOPY a \\\n  /\nRUN false\n";

    fn numbers(type_url: &str, value: Vec<u8>) -> Vec<usize> {
        let status = RpcStatus { details: vec![Any { type_url: type_url.to_owned(), value }] };
        lines(&status.encode_to_vec(), TEXT).into_iter().map(|line| line.number).collect()
    }

    #[test]
    fn both_forms_of_details() {
        let json = br#"{"info":{"filename":"Dockerfile","data":"QQ==","definition":null},"ranges":[
            {"start":{"line":2},"end":{"line":3}}]}"#;
        assert_eq!(numbers("github.com/moby/buildkit/errdefs.Source+json", json.to_vec()), [2, 3]);
        let position = |line| Some(Position { line });
        let source = |filename: &str, first, last| Source {
            info: Some(SourceInfo { filename: filename.to_owned() }),
            ranges: vec![Range { start: position(first), end: position(last) }],
        };
        let kind = "type.googleapis.com/errdefs.Source";
        assert_eq!(numbers(kind, source("Dockerfile", 4, 4).encode_to_vec()), [4]);
        assert_eq!(numbers(kind, source("other", 4, 4).encode_to_vec()), [0; 0]);
        assert_eq!(numbers(kind, source("Dockerfile", -4, i32::MAX).encode_to_vec()), [0; 0]);
        assert_eq!(numbers(kind, source("Dockerfile", 3, i32::MAX).encode_to_vec()), [3, 4]);
        assert_eq!(numbers(kind, b"\xff\xff".to_vec()), [0; 0]);
        assert_eq!(numbers("errdefs.Vertex", source("Dockerfile", 4, 4).encode_to_vec()), [0; 0]);
    }

    #[test]
    fn shows_line_and_log() {
        let failure = Failure {
            message: "exit code: 1".to_owned(),
            lines: vec![SourceLine { number: 4, text: "RUN false".to_owned() }],
            step: Some("[2/2] RUN false".to_owned()),
            log: vec!["no".to_owned()],
        };
        let expected = "the build failed: exit code: 1\n    4 | RUN false\nThe end of what `[2/2] RUN false` printed:\n    no";
        assert_eq!(failure.to_string(), expected);
        assert_eq!(printable("a\u{1b}[2Jb\rc"), "a[2Jbc");
    }
}
