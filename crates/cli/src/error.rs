mod conversions;
mod release;
mod trust;

use crate::exit_code::ExitCode;
use crate::registry_hint::registry_hint;
use consign_image::{ImageError, Trouble};
use consign_plan::ConfigurationError;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::error::Error;

/// What went wrong, for a person: one line, its causes, what to try next, and the exit status.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) code: ExitCode,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
    /// Problems in the configuration, each with its line; then the message is not for people.
    pub(crate) configuration: Option<ConfigurationError>,
    /// What the command found out nevertheless, for `--output json`.
    report: Value,
    /// Whether that is a document of others' form, in which the error has no place.
    is_document: bool,
}

impl CommandError {
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        let (message, report) = (message.into(), json!({}));
        Self { code, message, causes: Vec::new(), hints: Vec::new(), configuration: None, report, is_document: false }
    }

    /// Makes an error of a library's, with its chain of causes, and a hint if a registry stands in it.
    pub(crate) fn of(code: ExitCode, error: &(dyn Error + 'static)) -> Self {
        let mut this = Self::new(code, error.to_string());
        this.add_causes(error.source());
        this.hints.extend(registry_hint(error).or_else(|| space_hint(error).map(Into::into)).map(Cow::into_owned));
        this
    }

    pub(crate) fn cause(mut self, error: impl Error) -> Self {
        self.add_causes(Some(&error));
        self
    }

    /// Makes another error the cause of this one, with its hints.
    pub(crate) fn because(mut self, other: Self) -> Self {
        self.causes.push(other.message);
        self.causes.extend(other.causes);
        self.hints.extend(other.hints);
        self
    }

    /// Says what happened and why, in a line.
    pub(crate) fn why(&self) -> String {
        [&self.message].into_iter().chain(&self.causes).map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// Adds what the command found out nevertheless: an object.
    pub(crate) fn with_report(self, report: Value) -> Self {
        Self { report, ..self }
    }

    /// Adds a document that is printed as it is, since its form is not ours: it has what the command found out nevertheless.
    pub(crate) fn with_document(self, document: Value) -> Self {
        Self { report: document, is_document: true, ..self }
    }

    /// Returns the error for programs.
    pub(crate) fn description(&self) -> Value {
        let mut description = json!({
            "code": self.code as u8,
            "kind": self.code.kind(),
            "message": self.message,
            "causes": self.causes,
            "hints": self.hints,
        });
        if let Some(configuration) = &self.configuration {
            description["diagnostics"] = json!(configuration.diagnostics);
        }
        description
    }

    /// Returns what `--output json` prints for a command that failed: what it found out, with the error.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.report.clone();
        if !self.is_document {
            document["error"] = self.description();
        }
        document
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Makes an error of an image that cannot be read; `altered` is the code where its bytes are not what they should be.
    pub(crate) fn of_image(altered: ExitCode, error: &ImageError) -> Self {
        let code = match error.trouble() {
            Trouble::Altered | Trouble::Malformed => altered,
            Trouble::Missing | Trouble::Unavailable => ExitCode::Failed,
        };
        let this = Self::of(code, error);
        match error {
            ImageError::Engine(error) => error.hint().into_iter().fold(this, Self::hint),
            ImageError::Archive { .. } => this.hint("copy the archive again, or make it again where it came from"),
            _ => this,
        }
    }

    fn add_causes(&mut self, mut error: Option<&dyn Error>) {
        while let Some(cause) = error {
            let text = cause.to_string();
            // Some errors repeat what they wrap.
            if ![&self.message].into_iter().chain(&self.causes).any(|said| said.contains(&text)) {
                self.causes.push(text);
            }
            error = cause.source();
        }
    }
}

/// Returns what helps where a disk is full.
fn space_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use std::io::{Error as IoError, ErrorKind};
    let is_full = |error: &IoError| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let mut cause = Some(error);
    let mut full = false;
    while let Some(error) = cause {
        full |= error.downcast_ref().is_some_and(is_full);
        cause = error.source();
    }
    full.then_some("make space there and run this again; `consign store prune` removes what the store does not need")
}
