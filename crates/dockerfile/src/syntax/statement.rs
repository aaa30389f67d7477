use super::arguments::BLANK;
use super::{Heredoc, Keyword, flags};

/// Lines of the file, the first and the last, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first.
    pub first: usize,
    /// The last.
    pub last: usize,
}

/// One statement of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub keyword: Keyword,
    /// The keyword as it is written.
    pub written: String,
    /// Its flags, each with its two dashes, without quotes and escapes.
    pub flags: Vec<String>,
    /// What follows the flags.
    pub arguments: Arguments,
    /// The here-documents that its line names, in that order.
    pub heredocs: Vec<Heredoc>,
    /// The whole logical line: continuation lines joined, comments between them left out.
    pub text: String,
    /// Where it stands, here-documents included.
    pub lines: Lines,
    /// The comment lines right before it, without `#`.
    pub comments: Vec<String>,
}

impl Statement {
    /// Returns what follows the flags, as it is written.
    pub(crate) fn after_flags(&self) -> &str {
        let rest = self.text.trim().split_once(BLANK).map_or("", |(_, rest)| rest);
        flags::split(rest).1
    }
}

/// What follows a statement's keyword and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing.
    None,
    /// Words, separated by white space, quotes and escapes as written.
    Words(Vec<String>),
    /// A JSON array of strings.
    Json(Vec<String>),
    /// Names with values, quotes and escapes as written.
    Pairs(Vec<Pair>),
    /// The text as it stands.
    Text(String),
    /// Another statement, which is for images that build on this one.
    Statement(Box<Statement>),
    /// The first word of a health check, and what follows it.
    Check(String, Box<Arguments>),
}

/// A name with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether `=` stands between them, and not white space, as in the oldest form.
    pub by_sign: bool,
}
