use super::Code;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::ops::Range;

/// One problem in a configuration file: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: Code,
    /// What is wrong.
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
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Returns the problem for a terminal: message, `file:line:column`, the line with carets, and the hint. Control characters of
    /// the file are made visible, so that it cannot steer the terminal.
    pub fn render(&self, color: bool) -> String {
        let code = self.code.to_string();
        let snippet = Snippet::source(&self.snippet)
            .line_start(self.line)
            .path(&self.file)
            .annotation(AnnotationKind::Primary.span(self.caret.clone()));
        let mut group = Level::ERROR.primary_title(&self.message).id(code).element(snippet);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint));
        }
        rendered(group, color)
    }
}

/// Returns what is shown of a problem. The renderer leaves the control characters of C1 as they are, by which some terminals are steered as well.
pub(super) fn rendered(group: Group<'_>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]).replace(|letter| matches!(letter, '\u{80}'..='\u{9f}'), "\u{fffd}")
}
