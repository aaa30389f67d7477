use super::{Code, Diagnostic, Span, Warning, tree};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longest part of a line that is kept behind the place that a problem points at, in bytes.
const TAIL: usize = 1000;

/// The text of a configuration file, to point at later.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile {
    name: String,
    text: String,
    secrets: Vec<Span>,
}

impl SourceFile {
    pub(crate) fn new(name: &str, text: &str, secrets: Vec<Span>) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), secrets }
    }

    /// Makes a source of a file that is not the configuration, such as an image file. What may be a secret in it is not shown.
    pub fn other(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::new(name, text, tree::suspicious_lines(text))
    }

    /// Returns the span of `width` characters that begin at a line and column, both from 1.
    pub fn span(&self, line: usize, column: usize, width: usize) -> Span {
        let start = tree::offset_of(line, column, &self.text);
        let length = self.text[start..].chars().take(width).map(char::len_utf8).sum::<usize>();
        Span { start, end: start + length }
    }

    /// Returns the span of a line's text, without the white space around it.
    pub fn line(&self, number: usize, text: &str) -> Span {
        let indent = text.chars().take_while(|letter| letter.is_whitespace()).count();
        self.span(number, indent + 1, text.trim().chars().count().max(1))
    }

    /// Returns the folder that paths in the file are relative to.
    pub fn folder(&self) -> &Path {
        match Path::new(&self.name).parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Returns a path in the file as one that can be opened from the process's own folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        let path = Path::new(path);
        let path = path.strip_prefix(".").unwrap_or(path);
        // Messages name files as they were written.
        if self.folder() == Path::new(".") { path.to_owned() } else { self.folder().join(path) }
    }

    /// Returns the file's name as the caller gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a diagnostic about a place in this file. For problems that only show later, such as a source file that is not there.
    pub fn diagnostic(&self, code: Code, span: Span, message: impl Into<String>, hint: Option<String>) -> Diagnostic {
        let Excerpt { line, column, snippet, caret } = self.excerpt(span);
        Diagnostic { code, message: message.into(), file: self.name.clone(), line, column, snippet, caret, hint }
    }

    /// Makes a warning about a place in this file.
    pub fn warning(&self, rule: &str, span: Span, message: &str) -> Warning {
        let Excerpt { line, column, snippet, caret } = self.excerpt(span);
        let (rule, message) = (rule.to_owned(), message.to_owned());
        Warning { rule, message, file: self.name.clone(), line, column, snippet, caret }
    }

    /// Returns what is shown of a place.
    fn excerpt(&self, span: Span) -> Excerpt {
        let start = floor_boundary(&self.text, span.start);
        let end = floor_boundary(&self.text, span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let line = self.text[line_start..line_end].trim_end();
        // A caret reaches to the end of its line at most, and has at least one character to stand under.
        let mut caret = (start - line_start).min(line.len())..(end.min(line_end) - line_start).min(line.len());
        if caret.is_empty() {
            caret.end = line[caret.start..].chars().next().map_or(caret.start, |c| caret.start + c.len_utf8());
        }
        let (snippet, caret) = match self.first_secret(line_start, line_start + line.len()) {
            Some(secret) => {
                let kept = floor_boundary(line, secret.saturating_sub(line_start));
                let clamped = caret.start.min(kept)..if caret.end > kept { kept + 3 } else { caret.end };
                (format!("{}***", &line[..kept]), clamped)
            }
            None => (line[..floor_boundary(line, caret.end.saturating_add(TAIL))].to_owned(), caret),
        };
        Excerpt {
            line: self.text[..line_start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            snippet,
            caret,
        }
    }

    fn first_secret(&self, start: usize, end: usize) -> Option<usize> {
        self.secrets
            .iter()
            .filter(|secret| secret.start < end && secret.end > start)
            .map(|secret| secret.start.max(start))
            .min()
    }
}

/// What is shown of a place: see [`Diagnostic`].
struct Excerpt {
    line: usize,
    column: usize,
    snippet: String,
    caret: Range<usize>,
}

/// Leaves the text out: it is long, and may hold what does not belong in a log.
impl fmt::Debug for SourceFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SourceFile").field("name", &self.name).finish_non_exhaustive()
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, start: usize, end: usize) -> (usize, usize, String, String) {
        let file = SourceFile::new("f", text, Vec::new());
        let found = file.diagnostic(Code::Value, Span { start, end }, "", None);
        (found.line, found.column, found.snippet.clone(), found.snippet[found.caret].to_owned())
    }

    #[test]
    fn finds_line_and_column() {
        assert_eq!(at("a: b\nc: d\n", 8, 9), (2, 4, "c: d".to_owned(), "d".to_owned()));
        assert_eq!(at("ü: é\r\n", 4, 6), (1, 4, "ü: é".to_owned(), "é".to_owned()));
        assert_eq!(at("a:\n  b\n", 0, 7), (1, 1, "a:".to_owned(), "a:".to_owned()));
        assert_eq!(at("", 0, 0), (1, 1, String::new(), String::new()));
        assert_eq!(at("a\n", 900, 1000), (2, 1, String::new(), String::new()));
        assert_eq!(at("é", 1, 1), (1, 1, "é".to_owned(), "é".to_owned()));
    }

    #[test]
    fn finds_what_stands_at_a_line_and_column() {
        let file = SourceFile::other("f", "\u{feff}ü: é\nabc: d\n");
        let table = [(1, 4, 1, "é"), (2, 1, 3, "abc"), (2, 6, 9, "d"), (2, 90, 1, ""), (3, 1, 1, ""), (90, 90, 90, "")];
        for (line, column, width, expected) in table {
            let found = file.diagnostic(Code::Value, file.span(line, column, width), "", None);
            assert_eq!(&found.snippet[found.caret], expected, "{line}:{column}");
        }
    }

    #[test]
    fn hides_secrets() {
        let text = "{ password: hunter2, x: 1 }";
        let file = SourceFile::new("f", text, vec![Span { start: 12, end: 19 }]);
        for (start, end) in [(2, 10), (12, 19), (21, 22), (0, 27)] {
            let found = file.diagnostic(Code::Secret, Span { start, end }, "", None);
            assert_eq!(found.snippet, "{ password: ***");
            assert!(found.caret.end <= found.snippet.len());
        }
        assert!(!format!("{file:?}").contains("hunter2"));
    }
}
