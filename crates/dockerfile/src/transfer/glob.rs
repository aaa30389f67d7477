use regex::Regex;

/// A pattern of source paths, as Go's `path/filepath` matches them: `*` and `?` are anything within one name, `[a-z]` and `[^a-z]` one character,
/// a backslash takes a meaning away.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Regex);

impl Glob {
    /// Returns the pattern, if there is anything in the text that makes it one.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, regex::Error>> {
        text.contains(['*', '?', '[', '\\']).then(|| Regex::new(&expression(text)).map(Self))
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

fn expression(pattern: &str) -> String {
    let mut expression = "(?s)^".to_owned();
    let mut characters = pattern.chars().peekable();
    let mut buffer = [0; 4];
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.next_if_eq(&'*').is_some() => {
                // Go knows no `**`; Docker does where paths are matched with `--parents`.
                let folders = characters.next_if_eq(&'/').is_some();
                expression.push_str(if folders { "(.*/)?" } else { ".*" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' | ']' | '^' | '-' => expression.push(character),
            '\\' => {
                let escaped = characters.next().unwrap_or('\\');
                expression.push_str(&regex::escape(escaped.encode_utf8(&mut buffer)));
            }
            _ => expression.push_str(&regex::escape(character.encode_utf8(&mut buffer))),
        }
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names() {
        for (pattern, path, expected) in [
            ("*.c", "a.c", true),
            ("*.c", "d/a.c", false),
            ("d/*", "d/a", true),
            ("d/*", "d/a/b", false),
            ("a?c", "abc", true),
            ("[a-c]1", "b1", true),
            ("[^a]1", "a1", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("**/x", "a/b/x", true),
            ("**/x", "x", true),
            ("a.c*", "abc", false),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap().unwrap().matches(path), expected, "{pattern} {path}");
        }
        assert!(Glob::parse("plain").is_none());
        assert!(Glob::parse("[").unwrap().is_err());
    }
}
