/// Longest part of a stranger's text that messages repeat, in characters.
const LENGTH: usize = 300;

/// Writes what a stranger wrote so that it stays on its line and cannot pass for anything else.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(LENGTH).flat_map(escape).collect();
    if text.chars().nth(LENGTH).is_some() {
        shown.push('…');
    }
    shown
}

fn escape(character: char) -> Vec<char> {
    match character {
        '`' | '\'' | '"' => vec![character],
        _ => character.escape_debug().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_on_its_line() {
        assert_eq!(shown("https://github.com/a/b"), "https://github.com/a/b");
        assert_eq!(shown("a\nb\u{1b}[1m\u{202e}"), "a\\nb\\u{1b}[1m\\u{202e}");
        assert_eq!(shown(&"x".repeat(301)), format!("{}…", "x".repeat(300)));
    }
}
