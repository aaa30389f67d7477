use super::protocol::status::{RpcStatus, Source};
use super::request::DOCKERFILE;
use super::text::printable;
use prost::Message as _;
use tonic::Status;

/// How many lines of the Dockerfile an error shows.
const LIMIT: usize = 10;

/// A line of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub text: String,
}

/// Returns the lines of the Dockerfile that an error is about, as far as can be told: by its details; of engines before 23.0, which leave them out,
/// by its words, or by the step that failed.
pub(super) fn source_lines(status: &Status, step: Option<&str>, dockerfile: &[u8]) -> Vec<SourceLine> {
    let text = String::from_utf8_lossy(dockerfile);
    let all: Vec<&str> = text.lines().collect();
    let mut numbers = detailed(status.details());
    if numbers.is_empty() {
        numbers.extend(said(status.message()));
    }
    if numbers.is_empty() {
        numbers = step.map(|step| like(step, &all)).unwrap_or_default();
    }
    numbers.sort_unstable();
    numbers.dedup();
    let line = |number: usize| {
        let text = printable(all.get(number.checked_sub(1)?)?);
        Some(SourceLine { number, text })
    };
    numbers.into_iter().filter_map(line).take(LIMIT).collect()
}

/// Returns the numbers of the lines that an error's details point at.
fn detailed(details: &[u8]) -> Vec<usize> {
    let details = RpcStatus::decode(details).unwrap_or_default().details;
    let sources = details.into_iter().filter(|detail| detail.type_url.contains("errdefs.Source"));
    let sources = sources.filter_map(|detail| {
        // Which of both it is depends on the daemon's age.
        serde_json::from_slice(&detail.value).ok().or_else(|| Source::decode(detail.value.as_slice()).ok())
    });
    sources
        .filter(|source: &Source| source.info.as_ref().is_some_and(|info| info.filename == DOCKERFILE))
        .flat_map(|source| source.ranges)
        .filter_map(|range| {
            let first = usize::try_from(range.start?.line).ok()?;
            let last = range.end.and_then(|end| usize::try_from(end.line).ok()).unwrap_or(first);
            Some((first..=last.max(first)).take(LIMIT))
        })
        .take(LIMIT)
        .flatten()
        .collect()
}

/// Returns the line that an error of the parser names.
fn said(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("parse error ")?;
    let rest = rest.strip_prefix("on ").unwrap_or(rest).strip_prefix("line ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Returns the lines of the only instruction that reads as a step does, such as `[2/3] RUN make`.
fn like(step: &str, all: &[&str]) -> Vec<usize> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let wanted = words(step.split_once("] ").map_or(step, |(_, instruction)| instruction));
    let mut found = None;
    let mut first = 0;
    let mut instruction = String::new();
    for (index, line) in all.iter().enumerate() {
        let continued = line.trim_end().strip_suffix('\\');
        instruction.push_str(continued.unwrap_or(line));
        if continued.is_some() {
            continue;
        }
        if !wanted.is_empty() && words(&instruction) == wanted && found.replace(first..=index).is_some() {
            return Vec::new();
        }
        instruction.clear();
        first = index + 1;
    }
    found.into_iter().flatten().map(|index| index + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::super::protocol::status::{Any, Position, Range, SourceInfo};
    use super::*;
    use tonic::Code;

    const TEXT: &[u8] = b"FROM scratch\nCOPY a \\\n  /\nRUN false\nRUN true\nRUN true\n";

    fn numbers(status: &Status, step: Option<&str>) -> Vec<usize> {
        source_lines(status, step, TEXT).into_iter().map(|line| line.number).collect()
    }

    #[test]
    fn by_details() {
        let json = br#"{"info":{"filename":"Dockerfile","data":"QQ==","definition":null},"ranges":[
            {"start":{"line":2},"end":{"line":3}}]}"#;
        let position = |line| Some(Position { line });
        let source = |filename: &str, first, last| {
            let info = Some(SourceInfo { filename: filename.to_owned() });
            Source { info, ranges: vec![Range { start: position(first), end: position(last) }] }.encode_to_vec()
        };
        let kind = "type.googleapis.com/errdefs.Source";
        for (type_url, value, expected) in [
            ("github.com/moby/buildkit/errdefs.Source+json", json.to_vec(), &[2, 3][..]),
            (kind, source("Dockerfile", 4, 4), &[4]),
            (kind, source("other", 4, 4), &[]),
            (kind, source("Dockerfile", -4, i32::MAX), &[]),
            (kind, source("Dockerfile", 5, i32::MAX), &[5, 6]),
            (kind, b"\xff\xff".to_vec(), &[]),
            ("errdefs.Vertex", source("Dockerfile", 4, 4), &[]),
        ] {
            let details = RpcStatus { details: vec![Any { type_url: type_url.to_owned(), value }] }.encode_to_vec();
            assert_eq!(numbers(&Status::with_details(Code::Unknown, "", details.into()), None), expected, "{type_url}");
        }
    }

    #[test]
    fn by_words_and_steps() {
        for (message, step, expected) in [
            ("", None, &[][..]),
            ("dockerfile parse error line 4: unknown instruction: X", None, &[4]),
            ("dockerfile parse error on line 1: unknown instruction: X", None, &[1]),
            ("parse error line 99: x", None, &[]),
            ("it failed", Some("[2/3] RUN false"), &[4]),
            ("it failed", Some("[stage 1/3] COPY a   /"), &[2, 3]),
            ("it failed", Some("[3/3] RUN true"), &[]),
            ("it failed", Some("exporting"), &[]),
        ] {
            assert_eq!(numbers(&Status::unknown(message), step), expected, "{message} {step:?}");
        }
    }
}
