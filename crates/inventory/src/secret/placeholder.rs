//! What stands where a secret is to be put.

/// Words in the names of variables that hold secrets: `$` before others may be the beginning of a secret.
const NAMES: [&str; 8] = ["auth", "cred", "key", "pass", "pwd", "secret", "token", "user"];

/// Returns whether a text stands for a secret, in the ways of shells and of templates: `$NAME`, `${NAME}`, `$(command)`, `%NAME%`, `%(name)s`,
/// `{{ name }}` or `<name>`.
pub(super) fn is_placeholder(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('$') {
        return rest.starts_with(['{', '(']) || is_variable(rest);
    }
    let is_framed = |start: char, end: char| text.len() > 1 && text.starts_with(start) && text.ends_with(end);
    let is_formatted = text.strip_prefix('%').is_some_and(|rest| rest.starts_with(['(', '{']));
    is_framed('{', '}') || is_framed('<', '>') || is_framed('%', '%') || is_formatted
}

/// Returns whether a text is the name of a variable: all capitals, or a word for what it holds.
fn is_variable(text: &str) -> bool {
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let lower = text.to_ascii_lowercase();
    is_name
        && (!text.contains(|letter: char| letter.is_ascii_lowercase()) || NAMES.iter().any(|name| lower.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_alone_makes_no_placeholder() {
        for (text, expected) in [
            ("$DB_PASSWORD", true),
            ("$db_password", true),
            ("${X}", true),
            ("$(cat /run/x)", true),
            ("%PASSWORD%", true),
            ("%(password)s", true),
            ("{{ password }}", true),
            ("<yours>", true),
            ("$ecret7Jq", false),
            ("$7Jq!x9", false),
            ("%7Jq2x9", false),
            ("{7Jq2x9", false),
            ("<7Jq2x9", false),
            ("h7Jq2x9", false),
            ("$", false),
            ("", false),
        ] {
            assert_eq!(is_placeholder(text), expected, "{text}");
        }
    }
}
