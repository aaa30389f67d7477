//! The shape of the YAML, before its values are checked.

use super::wire_run::WireRun;
use super::{Mode, Owner, Position, Problem, SpecificationError};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter as _, Spanned};
use std::collections::BTreeMap;

/// Largest image file that is read, in bytes.
const LENGTH_LIMIT: usize = 1 << 20;

/// An account of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpecification {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its group; the default is the same as `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Its folder, which is made where it is missing; the default is `/home/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Its shell; the default is `/usr/sbin/nologin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Wire {
    pub(super) packages: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) suite: Option<Spanned<String>>,
    pub(super) users: Option<Spanned<Vec<Spanned<UserSpecification>>>>,
    pub(super) exclude: Option<Spanned<Vec<String>>>,
    pub(super) recommends: Option<Spanned<bool>>,
    pub(super) base: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) platforms: Vec<Spanned<String>>,
    pub(super) run: Option<Spanned<WireRun>>,
    pub(super) files: Option<Spanned<Vec<WireFile>>>,
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) command: Option<Vec<String>>,
    pub(super) user: Option<Spanned<UserName>>,
    pub(super) working_directory: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) ports: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) volumes: Vec<Spanned<String>>,
    pub(super) stop_signal: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFile {
    pub(super) source: Spanned<String>,
    pub(super) path: Spanned<String>,
    pub(super) mode: Option<Mode>,
    pub(super) owner: Option<Owner>,
    #[serde(default)]
    pub(super) provided: Vec<String>,
}

/// A user by name, or by number without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum UserName {
    Number(u32),
    Name(String),
}

/// Returns the keys at the top of a YAML text, however it is written; none if it is no mapping.
pub(super) fn keys(text: &str) -> Vec<String> {
    if text.len() > LENGTH_LIMIT {
        return Vec::new();
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_saphyr::options! { with_snippet: false };
    let mapping = serde_saphyr::from_str_with_options::<BTreeMap<String, IgnoredAny>>(text, options);
    mapping.map(|mapping| mapping.into_keys().collect()).unwrap_or_default()
}

/// Reads the YAML within bounds.
pub(super) fn read(file: &str, text: &str) -> Result<Wire, SpecificationError> {
    let refused = |position, problem| SpecificationError { file: file.to_owned(), position, problem };
    if text.len() > LENGTH_LIMIT {
        return Err(refused(Position::START, Problem::TooLarge { limit: LENGTH_LIMIT }));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let (position, problem) = refusal(error.without_snippet());
        refused(position, problem)
    })
}

fn expected_here(what: &str) -> Problem {
    Problem::Type { message: format!("{what} is expected here") }
}

fn refusal(error: &Error) -> (Position, Problem) {
    let position = error.location().map_or(Position::START, Position::from);
    let message = || DefaultMessageFormatter.format_message(error).into_owned();
    let problem = match error {
        Error::AliasError { error, .. } => return (position, refusal(error).1),
        Error::SerdeUnknownField { field, expected, .. } => {
            let problem = Problem::UnknownKey {
                key: field.chars().take(100).collect(),
                known: expected.clone(),
                in_file: expected.contains(&"packages"),
            };
            return (Position { width: field.chars().count().max(1), ..position }, problem);
        }
        Error::SerdeMissingField { field, .. } => Problem::MissingKey { key: field },
        Error::DuplicateMappingKey { key, .. } => Problem::DuplicateKey { key: key.clone().unwrap_or_default() },
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => Problem::TooMuch,
        Error::MultipleDocuments { .. } => Problem::Syntax { message: "it must be a single document".to_owned() },
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            Problem::Type { message: format!("expected {expected}, not {unexpected}") }
        }
        Error::Unexpected { expected, .. } if expected.contains("sequence") => expected_here("a list"),
        Error::Unexpected { expected, .. } if expected.contains("mapping") => expected_here("a mapping"),
        Error::InvalidScalar { ty, .. } if ty.starts_with('u') => expected_here("a whole number"),
        Error::Message { .. } | Error::InvalidScalar { .. } | Error::Unexpected { .. } => {
            Problem::Type { message: message() }
        }
        _ => Problem::Syntax { message: message() },
    };
    (position, problem)
}
