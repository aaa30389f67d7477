use super::lines::{LineReader, comment, continued, without_end};
use super::statement::{Arguments, Lines, Statement};
use super::{Directives, Escape, Heredoc, Keyword, SyntaxError, SyntaxProblem, arguments, flags};
use std::mem;

/// Largest file, in bytes.
const LIMIT: usize = 16 << 20;

/// A Dockerfile that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// What the first comments say.
    pub directives: Directives,
    /// Its statements, in order; there is one at least.
    pub statements: Vec<Statement>,
    /// The first lines of statements that go on over an empty line.
    pub empty_continuations: Vec<usize>,
}

/// Reads a Dockerfile.
pub fn read(bytes: &[u8]) -> Result<Source, SyntaxError> {
    let whole = |problem| SyntaxError { lines: Lines { first: 1, last: 1 }, problem };
    if bytes.len() > LIMIT {
        return Err(whole(SyntaxProblem::TooLarge { limit: LIMIT }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        SyntaxError { lines: Lines { first: line, last: line }, problem: SyntaxProblem::Encoding }
    })?;
    let mut reader = Reader {
        lines: LineReader::new(text.strip_prefix('\u{feff}').unwrap_or(text)),
        directives: Directives::default(),
        comments: Vec::new(),
        empty_continuations: Vec::new(),
    };
    let mut statements = Vec::new();
    while let Some(statement) = reader.statement()? {
        statements.push(statement);
    }
    if statements.is_empty() {
        return Err(whole(SyntaxProblem::Empty));
    }
    Ok(Source { directives: reader.directives, statements, empty_continuations: reader.empty_continuations })
}

struct Reader<'a> {
    lines: LineReader<'a>,
    directives: Directives,
    /// Comments since the last statement or empty comment.
    comments: Vec<String>,
    empty_continuations: Vec<usize>,
}

impl Reader<'_> {
    /// Reads the next statement; `None` at the end.
    fn statement(&mut self) -> Result<Option<Statement>, SyntaxError> {
        let Some((first, text)) = self.logical_line()? else { return Ok(None) };
        let here = |problem| SyntaxError { lines: Lines { first, last: first }, problem };
        let mut statement = parse(&text, self.directives.escape).map_err(here)?;
        if takes_heredocs(&statement) {
            for mut heredoc in Heredoc::named(&text) {
                heredoc.content = self.until_end(&heredoc).map_err(here)?;
                statement.heredocs.push(heredoc);
            }
        }
        statement.lines = Lines { first, last: self.lines.number };
        statement.comments = mem::take(&mut self.comments);
        Ok(Some(statement))
    }

    /// Returns the next line that is no comment, with those that continue it, and its number.
    fn logical_line(&mut self) -> Result<Option<(usize, String)>, SyntaxError> {
        while let Some(line) = self.lines.next() {
            let first = self.lines.number;
            let line = without_end(line).trim_start();
            self.directives
                .line(line, first)
                .map_err(|problem| SyntaxError { lines: Lines { first, last: first }, problem })?;
            if let Some(comment) = comment(line) {
                match comment {
                    "" => self.comments.clear(),
                    comment => self.comments.push(comment.to_owned()),
                }
                continue;
            }
            let escape = self.directives.escape;
            let Some(start) = continued(line, escape) else {
                if line.is_empty() {
                    continue;
                }
                return Ok(Some((first, line.to_owned())));
            };
            let (text, has_empty) = self.continuation(start, escape);
            if has_empty {
                self.empty_continuations.push(first);
            }
            return Ok(Some((first, text)));
        }
        Ok(None)
    }

    /// Joins the lines that continue one. Comments and empty lines between them are left out; returns whether there was an empty one.
    fn continuation(&mut self, start: &str, escape: Escape) -> (String, bool) {
        let (mut text, mut has_empty) = (start.to_owned(), false);
        for line in self.lines.by_ref() {
            if comment(line).is_some() {
                continue;
            }
            let line = without_end(line);
            if line.trim().is_empty() {
                has_empty = true;
                continue;
            }
            match continued(line, escape) {
                Some(part) => text.push_str(part),
                None => {
                    text.push_str(line);
                    break;
                }
            }
        }
        (text, has_empty)
    }

    fn until_end(&mut self, heredoc: &Heredoc) -> Result<String, SyntaxProblem> {
        let mut content = String::new();
        for line in self.lines.by_ref() {
            if heredoc.ends_with(without_end(line)) {
                return Ok(content);
            }
            content.push_str(line);
        }
        Err(SyntaxProblem::Unterminated { terminator: heredoc.name.clone() })
    }
}

/// Parses a logical line.
fn parse(text: &str, escape: Escape) -> Result<Statement, SyntaxProblem> {
    let trimmed = text.trim();
    let (written, rest) = trimmed.split_once(arguments::BLANK).unwrap_or((trimmed, ""));
    let keyword = Keyword::of(written).ok_or_else(|| SyntaxProblem::Unknown {
        word: written.chars().take(100).collect(),
        similar: Keyword::similar(written),
    })?;
    let (flags, rest) = flags::split(rest);
    let arguments = match arguments::read(keyword, rest, escape)? {
        Some(arguments) => arguments,
        None if rest.is_empty() => Arguments::None,
        None => nested(rest, escape)?,
    };
    Ok(Statement {
        keyword,
        written: written.to_owned(),
        flags,
        arguments,
        heredocs: Vec::new(),
        text: text.to_owned(),
        lines: Lines { first: 0, last: 0 },
        comments: Vec::new(),
    })
}

/// Parses the statement of an ONBUILD. One ONBUILD in another means nothing, and however many there are, they are not followed.
fn nested(text: &str, escape: Escape) -> Result<Arguments, SyntaxProblem> {
    let word = text.split_whitespace().next().unwrap_or_default();
    if Keyword::of(word) == Some(Keyword::Onbuild) {
        return Err(SyntaxProblem::NestedOnbuild);
    }
    Ok(Arguments::Statement(Box::new(parse(text, escape)?)))
}

/// Returns whether here-documents can belong to a statement.
fn takes_heredocs(statement: &Statement) -> bool {
    match (&statement.arguments, statement.keyword) {
        (Arguments::Json(_), _) => false,
        (Arguments::Statement(inner), _) => takes_heredocs(inner),
        (_, keyword) => matches!(keyword, Keyword::Add | Keyword::Copy | Keyword::Run),
    }
}
