use super::diagnostic::rendered;
use annotate_snippets::{AnnotationKind, Level, Snippet};
use serde::Serialize;
use std::ops::Range;

/// Something in a file that could be better: which rule says so, what, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// The rule.
    pub rule: String,
    /// What could be better.
    pub message: String,
    /// Name of the file, as the caller gave it.
    pub file: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in that line, in characters from 1.
    pub column: usize,
    /// The line. What might be a secret is replaced by `***`.
    pub snippet: String,
    /// The part of `snippet` to point at, in bytes.
    pub caret: Range<usize>,
}

impl Warning {
    /// Returns the warning for a terminal: message, `file:line:column`, and the line with carets. Control characters of the file are made
    /// visible, so that it cannot steer the terminal.
    pub fn render(&self, color: bool) -> String {
        let snippet = Snippet::source(&self.snippet)
            .line_start(self.line)
            .path(&self.file)
            .annotation(AnnotationKind::Primary.span(self.caret.clone()));
        let group = Level::WARNING.primary_title(&self.message).id(&self.rule).element(snippet);
        rendered(group, color)
    }
}
