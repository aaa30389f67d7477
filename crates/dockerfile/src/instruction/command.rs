use crate::syntax::Arguments;

/// A command, as a program's arguments or as a text for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A program and its arguments.
    Program(Vec<String>),
    /// A text for the shell.
    Shell(String),
}

impl CommandLine {
    /// Reads what follows an instruction; nothing is no program.
    pub(super) fn of(arguments: &Arguments) -> Self {
        match arguments {
            Arguments::Json(words) => Self::Program(words.clone()),
            Arguments::Text(text) => Self::Shell(text.clone()),
            _ => Self::Program(Vec::new()),
        }
    }

    /// Returns whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Program(words) => words.is_empty(),
            Self::Shell(text) => text.is_empty(),
        }
    }
}
