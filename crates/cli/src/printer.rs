use crate::arguments::{Color, Global, Output, Progress};
use crate::cosign;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_plan::configuration::Warning;
use consign_report::printable_lines;
use serde::Serialize;
use serde_json::json;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};

/// The only way to the terminal: data on standard output, everything else on standard error.
pub(crate) struct Printer {
    quiet: bool,
    color: bool,
    output: Output,
    /// Whether everything on standard error is a JSON object a line.
    json_lines: bool,
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
        let json_lines = global.progress == Progress::Json;
        Self { quiet: global.quiet, color, output: global.output.into(), json_lines }
    }

    /// Prints a result.
    pub(crate) fn data(&self, text: &str) -> Result<(), CommandError> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Prints bytes as they are; on a terminal without what it would act on, as they may be a stranger's. A reader that has gone away is no
    /// failure; a full disk is.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut out = std::io::stdout().lock();
        let written = if out.is_terminal() {
            out.write_all(printable_lines(&String::from_utf8_lossy(bytes)).as_bytes())
        } else {
            out.write_all(bytes)
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CommandError::new(ExitCode::Failed, "cannot write the result to standard output").cause(error))
            }
            _ => Ok(()),
        }
    }

    /// Prints a value as JSON.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> Result<(), CommandError> {
        self.data(&consign_report::json(value)?)
    }

    /// Says something to a person, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        match self.json_lines {
            true => self.event(&json!({ "event": "note", "message": text })),
            false if !self.quiet => say(&printable_lines(text)),
            false => {}
        }
    }

    /// Asks a person for something, who answers on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        let _ = std::io::stderr().write_all(printable_lines(text).as_bytes());
    }

    /// Shows what could be better in a file, unless asked to be quiet; in any case if it is `needed` to understand an error.
    pub(crate) fn warning(&self, warning: &Warning, needed: bool) {
        if self.quiet && !needed {
            return;
        }
        match self.json_lines {
            true => say(&json!({ "event": "warning", "warning": warning }).to_string()),
            false => say(&format!("{}\n", warning.render(self.color))),
        }
    }

    /// Says what happens to a program, unless asked to be quiet.
    pub(crate) fn event(&self, event: &impl Serialize) {
        if !self.quiet {
            say(&serde_json::to_string(event).unwrap_or_default());
        }
    }

    /// Prints an error with its causes and hints: on standard error, and where a program reads standard output, there too.
    pub(crate) fn error(&self, error: &CommandError) {
        if self.output == Output::Json {
            print_document(error);
        }
        if self.json_lines {
            return print_line(error);
        }
        match &error.configuration {
            Some(configuration) => say(&configuration.render(self.color)),
            None => say(&format!("{}: {}", self.paint("1;31", "error"), printable_lines(&error.message))),
        }
        for cause in &error.causes {
            say(&format!("  caused by: {}", below(cause)));
        }
        for hint in &error.hints {
            say(&format!("{}: {}", self.paint("36", "hint"), printable_lines(hint)));
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Returns a cause whose further lines stay below it: one that a stranger wrote is none of ours.
fn below(cause: &str) -> String {
    printable_lines(cause.trim_end()).replace('\n', "\n    ")
}

/// Prints a line on standard error. That nobody reads it stops nothing: a release may be half way.
fn say(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Prints the document on standard output.
fn print_document(error: &CommandError) {
    let document = consign_report::json(&error.document()).unwrap_or_default();
    // A reader that has gone away is no failure.
    let _ = std::io::stdout().write_all(document.as_bytes());
}

/// Prints a line on standard error, as those of progress are.
fn print_line(error: &CommandError) {
    let mut line = error.description();
    line["event"] = json!("error");
    say(&line.to_string());
}

/// Says what is wrong with the command line, or prints the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let habit = cosign::answer(error);
    if error.use_stderr() && (wants_json(&arguments, "--output") || wants_json(&arguments, "--progress")) {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let described = CommandError::new(ExitCode::Usage, habit.as_deref().unwrap_or(first));
        if wants_json(&arguments, "--output") {
            print_document(&described);
        }
        if wants_json(&arguments, "--progress") {
            print_line(&described);
            return ExitCode::Usage;
        }
    }
    match habit {
        Some(habit) => say(&format!("error: {habit}")),
        None => {
            // A terminal that has gone away is no failure.
            let _ = error.print();
        }
    }
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Done }
}

/// Returns whether a command line, which could not be understood, gives an option the value `json`.
fn wants_json(arguments: &[OsString], option: &str) -> bool {
    let joined = format!("{option}=json");
    arguments.iter().any(|argument| *argument == *joined)
        || arguments.windows(2).any(|pair| pair[0] == *option && pair[1] == *"json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_cannot_pass_for_a_hint() {
        assert_eq!(below("bad\nhint: run this\n"), "bad\n    hint: run this");
        assert_eq!(below("one line"), "one line");
    }
}
