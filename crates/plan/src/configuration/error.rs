use super::Diagnostic;

/// A configuration that cannot be used. Holds every problem that was found, in the order of the file; never none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.diagnostics))]
pub struct ConfigurationError {
    /// The problems.
    pub diagnostics: Vec<Diagnostic>,
}

impl ConfigurationError {
    /// Returns all problems for a terminal, each with its line of the file, separated by blank lines.
    pub fn render(&self, color: bool) -> String {
        let rendered: Vec<String> = self.diagnostics.iter().map(|diagnostic| diagnostic.render(color)).collect();
        rendered.join("\n\n")
    }
}

impl From<Diagnostic> for ConfigurationError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic] }
    }
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let Some(first) = diagnostics.first() else { return "the configuration cannot be used".to_owned() };
    let Diagnostic { file, line, column, message, .. } = first;
    match diagnostics.len() - 1 {
        0 => format!("{file}:{line}:{column}: {message}"),
        1 => format!("{file}:{line}:{column}: {message} (and 1 more problem)"),
        more => format!("{file}:{line}:{column}: {message} (and {more} more problems)"),
    }
}
