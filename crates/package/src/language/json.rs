//! What files in JSON have in common.

use super::{LanguageError, line, person};
use serde_json::Value;

/// Most objects of a file. An empty one takes a hundred times as much memory as it has letters; real lists of a thousand packages have ten thousand.
const OBJECT_LIMIT: usize = 200_000;

/// Parses a file, whatever is in it. Editors of Windows put a mark at its start, which npm passes over too.
pub(super) fn parse(path: &str, contents: &[u8]) -> Result<Value, LanguageError> {
    let contents = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
    if contents.iter().filter(|byte| **byte == b'{').count() > OBJECT_LIMIT {
        return Err(LanguageError::TooMany { path: path.to_owned(), limit: OBJECT_LIMIT });
    }
    serde_json::from_slice(contents).map_err(|source| LanguageError::Json { path: path.to_owned(), source })
}

/// Returns a field that is a text of one line.
pub(super) fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).and_then(line)
}

/// Returns licences in any form that is written: a text, an object with the text, or a list of either.
pub(super) fn licences(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(name) => line(name),
        Value::Object(_) => text(value, "type").or_else(|| text(value, "name")),
        _ => None,
    };
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Returns a person or organisation: a text, or an object with a name and an address.
pub(super) fn author(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => line(name),
        Value::Object(_) => person(text(value, "name"), text(value, "email")),
        _ => None,
    }
}
