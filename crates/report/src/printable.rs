/// Returns a text for one line of a terminal: control characters, line breaks among them, and those that turn the direction of
/// writing are replaced, since names may come from a stranger's registry.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Returns a text for a terminal in the same way, with its line breaks and tabs.
pub fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if acts(c) && !matches!(c, '\n' | '\t') { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Escapes in JSON what JSON allows as it is and terminals act on, which stands in its strings only (RFC 8259, section 7).
pub(crate) fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) && c != '\n' {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Returns whether a terminal acts on a character, or shows what follows in another direction, so that a name reads as another
/// (Unicode, UAX #9).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\r\n\tc";

    #[test]
    fn replaces_what_a_terminal_acts_on() {
        let x = char::REPLACEMENT_CHARACTER;
        assert_eq!(printable(HOSTILE), format!("a{x}[2J{x}31m{x}{x}b{x}{x}{x}c"));
        assert_eq!(printable_lines(HOSTILE), format!("a{x}[2J{x}31m{x}{x}b{x}\n\tc"));
        assert_eq!(printable("grüße 你好 ─ 🦀"), "grüße 你好 ─ 🦀");
    }

    #[test]
    fn json_stays_what_it_says() {
        let json = escape_json(&serde_json::to_string_pretty(&[HOSTILE, "ü"]).unwrap());
        assert_eq!(json, "[\n  \"a\\u001b[2J\\u009b31m\\u007f\\u202eb\\r\\n\\tc\",\n  \"ü\"\n]");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [HOSTILE, "ü"]);
    }
}
