use serde::Serialize;

/// Returns a result as JSON for `--output json`: indented by two spaces, with a line break at the end.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
