use serde_json::Value;

/// Longest text of a service that is passed on, in characters.
const LIMIT: usize = 300;
/// How each JSON Web Token begins: `{"` in Base64.
const TOKEN: &str = "eyJ";

/// Returns what a service says went wrong, in one line, without tokens: services may quote what they were shown.
pub(crate) fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let stated = serde_json::from_slice::<Value>(body).ok().and_then(|answer| {
        let stated = ["message", "error_description", "error"].into_iter().find_map(|name| answer.get(name)?.as_str());
        stated.map(str::to_owned)
    });
    let text = stated.unwrap_or_else(|| text.into_owned());
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let words = words.filter(|word| !word.is_empty()).map(|word| if word.contains(TOKEN) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_no_token() {
        for (body, expected) in [
            (r#"{"code":16,"message":"bad token:\neyJhbGciOiJFUzI1NiJ9.e30.AAAA"}"#, "bad token: …"),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            ("plain\u{1b}[31m text", "plain [31m text"),
            (r#"{"token":"eyJhbGciOiJFUzI1NiJ9.e30.AAAA"}"#, "…"),
            ("", ""),
        ] {
            assert_eq!(said(body.as_bytes()), expected);
        }
    }
}
