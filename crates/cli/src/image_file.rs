//! What is wrong with an image file, shown as what is wrong with the configuration is.

use consign_build::{Problem, SpecificationError};
use consign_plan::configuration::SourceFile;
use consign_plan::{Code, ConfigurationError};

/// Points at the place in the image file's text.
pub(crate) fn refusal(text: &str, error: &SpecificationError) -> ConfigurationError {
    let file = SourceFile::other(&error.file, text);
    let position = error.position;
    let span = file.span(position.line, position.column, position.width);
    file.diagnostic(code(&error.problem), span, error.problem.to_string(), error.problem.hint()).into()
}

fn code(problem: &Problem) -> Code {
    match problem {
        Problem::Syntax { .. } => Code::Syntax,
        Problem::TooLarge { .. } | Problem::TooMuch => Code::TooLarge,
        Problem::UnknownKey { .. } => Code::UnknownKey,
        Problem::DuplicateKey { .. } => Code::DuplicateKey,
        Problem::Type { .. } => Code::WrongType,
        Problem::MissingKey { .. } | Problem::Empty => Code::MissingKey,
        Problem::Value { key: "platforms", .. } => Code::Platform,
        Problem::Value { .. } | Problem::Kind { .. } => Code::Value,
    }
}
