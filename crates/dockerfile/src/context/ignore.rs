use super::pattern::Pattern;

/// Most patterns of one list.
const LIMIT: usize = 10_000;

/// Patterns of paths that are left out, as in a `.dockerignore`: of those that match a path or a folder that it lies in, the last decides.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    patterns: Vec<Pattern>,
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is wrong.
    #[error("line {line}: `{pattern}` is no pattern")]
    Wrong {
        /// Its line, counted from 1.
        line: usize,
        /// The pattern.
        pattern: String,
    },
    /// There are too many.
    #[error("more than {limit} patterns")]
    TooMany {
        /// The most that are read.
        limit: usize,
    },
}

impl Patterns {
    /// Reads a `.dockerignore`: a pattern on each line, comments and empty lines left out.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        Self::of(lines.map(|(place, line)| (place + 1, line)))
    }

    /// Makes patterns of a list.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        Self::of(patterns.into_iter().enumerate().map(|(place, pattern)| (place + 1, pattern)))
    }

    fn of<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<Self, PatternError> {
        let mut patterns = Vec::new();
        for (line, written) in lines {
            let wrong = |_| PatternError::Wrong { line, pattern: written.chars().take(200).collect() };
            let Some(pattern) = Pattern::parse(written).map_err(wrong)? else { continue };
            if patterns.len() == LIMIT {
                return Err(PatternError::TooMany { limit: LIMIT });
            }
            patterns.push(pattern);
        }
        Ok(Self { patterns })
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Returns whether a path, relative to the context and without `.` and `..`, is left out.
    pub fn leave_out(&self, path: &str) -> bool {
        let mut left_out = false;
        for pattern in &self.patterns {
            if pattern.takes_back == left_out && covers(pattern, path) {
                left_out = !pattern.takes_back;
            }
        }
        left_out
    }

    /// Returns whether something in a folder that is left out may be taken back.
    pub fn may_take_back(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.takes_back)
    }
}

/// Returns whether a pattern matches a path, or a folder that it lies in.
fn covers(pattern: &Pattern, path: &str) -> bool {
    let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
    std::iter::once(path).chain(folders).any(|path| pattern.matches(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_matches_decides() {
        for (patterns, path, expected) in [
            ("a", "a", true),
            ("a", "a/b", true),
            ("a", "b/a", false),
            ("/a/", "a/b", true),
            ("**/a", "b/c/a", true),
            ("**/a", "a", true),
            ("*.md\n!README.md", "README.md", false),
            ("*.md\n!README.md", "x.md", true),
            ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true),
            ("*\n!src", "src/x", false),
            ("*\n!src", "x", true),
            ("*\n!src/*.c", "src/x.c", false),
            ("*\n!src/*.c", "src/x.h", true),
            ("**", "a/b", true),
            ("a/**", "a", false),
            ("a/**", "a/b/c", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[^a]x", "ax", false),
            ("a.c", "abc", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("# c\n\n  a  ", "a", true),
            ("./a/../b", "b", true),
            ("/../b", "b", true),
            ("", "a", false),
            ("a(b)", "a(b)", true),
            ("*\n!.git\n.git/HEAD", ".git/config", false),
        ] {
            assert_eq!(Patterns::parse(patterns).unwrap().leave_out(path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [("a\n!", "line 2: `!` is no pattern"), ("[", "line 1: `[` is no pattern")] {
            assert_eq!(Patterns::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
