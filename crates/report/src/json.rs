use crate::printable::escape_json;
use serde::Serialize;

/// Returns a result as JSON for `--output json`: indented by two spaces, with a line break at the end, and with nothing in it that a terminal
/// acts on.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(escape_json(&serde_json::to_string_pretty(value)?) + "\n")
}
