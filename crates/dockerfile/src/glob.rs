use regex::Regex;

/// A pattern of paths: `*` and `?` are anything within one name, `**` any number of names, `[a-z]` and `[^a-z]` one character, and a backslash takes a
/// meaning away (Go's `path/filepath`, and `.dockerignore`).
#[derive(Clone, Debug)]
pub(crate) struct Glob(Regex);

impl Glob {
    /// Reads a pattern; `None` if it is none.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        Regex::new(&expression(pattern)?).ok().map(Self)
    }

    /// Returns whether there is anything in a text that makes it a pattern.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains(['*', '?', '[', '\\'])
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

fn expression(pattern: &str) -> Option<String> {
    let mut expression = "(?s)^".to_owned();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.next_if_eq(&'*').is_some() => {
                let folders = characters.next_if_eq(&'/').is_some();
                // At the end, they are whatever lies below.
                let rest = characters.peek().is_some();
                expression.push_str(if folders || rest { "(.*/)?" } else { ".*" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' => expression.push_str(&class(&mut characters)?),
            '\\' => push(&mut expression, characters.next()?),
            _ => push(&mut expression, character),
        }
    }
    expression.push('$');
    Some(expression)
}

fn push(expression: &mut String, character: char) {
    expression.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

/// Reads what follows the bracket that begins a class, its end included.
fn class(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = String::new();
    loop {
        let first = match characters.next()? {
            ']' if !ranges.is_empty() => break,
            ']' => return None,
            '\\' => characters.next()?,
            other => other,
        };
        let last = match characters.next_if_eq(&'-') {
            None => first,
            Some(_) => match characters.next()? {
                ']' => return None,
                '\\' => characters.next()?,
                other => other,
            },
        };
        if last < first {
            return None;
        }
        // By number, since no character means anything else there.
        ranges.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(first), u32::from(last)));
    }
    Some(if negated { format!("[^{ranges}&&[^/]]",) } else { format!("[{ranges}]") })
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
            ("a?c", "a/c", false),
            ("[a-c]1", "b1", true),
            ("[^a]1", "a1", false),
            ("[^a]1", "b1", true),
            ("a[[]0].txt", "a[0].txt", true),
            ("a[\\]-x]", "a]", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("**/x", "a/b/x", true),
            ("**/x", "x", true),
            ("a.c*", "abc", false),
            ("a/**", "a/b/c", true),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
        for pattern in ["[", "[]", "[a-]", "a\\", "[z-a]"] {
            assert!(Glob::parse(pattern).is_none(), "{pattern}");
        }
    }
}
