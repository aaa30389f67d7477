use super::ExpandError;
use regex::{NoExpand, Regex};

/// How much a `*` takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Shortest,
    Longest,
}

/// Takes away the start of a value that matches a pattern.
pub(super) fn without_prefix(value: &str, pattern: &str, reach: Reach) -> Result<String, ExpandError> {
    let found = compile(pattern, reach, "^", "")?.find(value).map_or(0, |found| found.end());
    Ok(value[found..].to_owned())
}

/// Takes away the end of a value that matches a pattern.
pub(super) fn without_suffix(value: &str, pattern: &str, reach: Reach) -> Result<String, ExpandError> {
    // A match that is as short as can be from the end on is what as much as can be stands before.
    let before = match reach {
        Reach::Shortest => "^(?s:(.*))",
        Reach::Longest => "^(?s:(.*?))",
    };
    let found = compile(pattern, Reach::Longest, before, "$")?.captures(value);
    Ok(found.and_then(|found| found.get(1)).map_or(value, |kept| kept.as_str()).to_owned())
}

/// Replaces what matches a pattern, the first time or each time.
pub(super) fn replace(value: &str, pattern: &str, replacement: &str, all: bool) -> Result<String, ExpandError> {
    let pattern = compile(pattern, Reach::Longest, "", "")?;
    let count = if all { 0 } else { 1 };
    Ok(pattern.replacen(value, count, NoExpand(replacement)).into_owned())
}

/// Makes a regular expression of a pattern, in which `*` and `?` stand for any characters of a line.
fn compile(pattern: &str, reach: Reach, before: &str, after: &str) -> Result<Regex, ExpandError> {
    let wrong = || ExpandError::Pattern { pattern: pattern.chars().take(200).collect() };
    let mut expression = before.to_owned();
    let mut characters = pattern.chars();
    let mut buffer = [0; 4];
    while let Some(character) = characters.next() {
        let literal = match character {
            '*' => {
                expression.push_str(if reach == Reach::Longest { ".*" } else { ".*?" });
                continue;
            }
            '?' => {
                expression.push('.');
                continue;
            }
            '\\' => characters.next().filter(|escaped| "*?\\}/".contains(*escaped)).ok_or_else(wrong)?,
            literal => literal,
        };
        expression.push_str(&regex::escape(literal.encode_utf8(&mut buffer)));
    }
    expression.push_str(after);
    Regex::new(&expression).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_as_much_as_is_asked_for() {
        for (value, pattern, shortest, longest) in [
            ("/usr/lib/x.so", "*/", "usr/lib/x.so", "x.so"),
            ("aXbXc", "*X", "bXc", "c"),
            ("abc", "?", "bc", "bc"),
            ("abc", "x*", "abc", "abc"),
            ("a*c", "a\\*", "c", "c"),
            ("a.c", "a?c", "", ""),
            ("a+c", "a+", "c", "c"),
        ] {
            assert_eq!(without_prefix(value, pattern, Reach::Shortest).unwrap(), shortest, "{value} {pattern}");
            assert_eq!(without_prefix(value, pattern, Reach::Longest).unwrap(), longest, "{value} {pattern}");
        }
        for (value, pattern, shortest, longest) in [
            ("a.tar.gz", ".*", "a.tar", "a"),
            ("a/b/c", "/*", "a/b", "a"),
            ("abc", "?", "ab", "ab"),
            ("abc", "x", "abc", "abc"),
            ("aXbXc", "X*", "aXb", "a"),
            ("a\nb.c", ".*", "a\nb", "a\nb"),
        ] {
            assert_eq!(without_suffix(value, pattern, Reach::Shortest).unwrap(), shortest, "{value} {pattern}");
            assert_eq!(without_suffix(value, pattern, Reach::Longest).unwrap(), longest, "{value} {pattern}");
        }
        assert_eq!(replace("a-b-c", "-", "_", false).unwrap(), "a_b-c");
        assert_eq!(replace("a-b-c", "-", "$0", true).unwrap(), "a$0b$0c");
        assert_eq!(replace("foobarfoo", "f*o", "x", false).unwrap(), "x");
        assert!(replace("a", "\\a", "", false).is_err());
    }
}
