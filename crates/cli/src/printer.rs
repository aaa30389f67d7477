#![expect(clippy::print_stderr, reason = "the one place that prints")]

use crate::arguments::{Color, Global};
use crate::error::CommandError;
use std::io::{IsTerminal, Write};

/// The only way to the terminal: data on standard output, everything else on standard error.
pub(crate) struct Printer {
    quiet: bool,
    color: bool,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self { quiet: global.quiet, color }
    }

    /// Prints a result.
    pub(crate) fn data(&self, text: &str) {
        self.bytes(text.as_bytes());
        if !text.ends_with('\n') {
            self.bytes(b"\n");
        }
    }

    /// Prints bytes as they are. A reader that has gone away is no failure.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Prints a value as JSON.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> Result<(), CommandError> {
        self.data(&serde_json::to_string_pretty(value)?);
        Ok(())
    }

    /// Says something to a person, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Prints an error with its causes and hints.
    pub(crate) fn error(&self, error: &CommandError) {
        match &error.configuration {
            Some(configuration) => eprintln!("{}", configuration.render(self.color)),
            None => eprintln!("{}: {}", self.paint("1;31", "error"), error.message),
        }
        for cause in &error.causes {
            eprintln!("  caused by: {cause}");
        }
        for hint in &error.hints {
            eprintln!("{}: {hint}", self.paint("36", "hint"));
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
