/// Longest pattern, in bytes.
const LIMIT: usize = 4096;

/// A pattern of an ignore file: Go's `filepath.Match` with `**` (moby/patternmatcher). It matches whole paths, relative and without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Whether a match takes back earlier ones.
    negated: bool,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Literal(char),
    /// `?`: one character, not a slash.
    One,
    /// `*`: any characters that are no slash.
    Many,
    /// `**/`: any folders, or none.
    Folders,
    /// `**` at an end: anything.
    Anything,
    /// `[…]`: one of these characters, or none of them.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A pattern that means nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pattern")]
pub(super) struct PatternError(String);

impl Pattern {
    /// Parses a pattern; `None` for an empty one.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, PatternError> {
        let error = || PatternError(text.chars().take(200).collect());
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        if trimmed.len() > LIMIT {
            return Err(error());
        }
        let cleaned = clean(trimmed);
        let (negated, path) = match cleaned.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        if path.is_empty() {
            return Err(error());
        }
        let tokens = tokens(path).ok_or_else(error)?;
        Ok(Some(Self { negated, tokens }))
    }

    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    /// Returns whether a path matches. Takes time in proportion to the lengths of both.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut states = vec![false; self.tokens.len() + 1];
        let mut next = states.clone();
        self.enter(&mut states, 0);
        for character in path.chars() {
            next.fill(false);
            let mut alive = false;
            for (index, token) in self.tokens.iter().enumerate() {
                if states.get(index) == Some(&true) {
                    alive |= self.step(&mut next, index, token, character);
                }
            }
            // Most patterns part from most paths at the first character.
            if !alive {
                return false;
            }
            std::mem::swap(&mut states, &mut next);
        }
        states.last() == Some(&true)
    }

    /// Goes on from a state by one character; returns whether there is a way.
    fn step(&self, next: &mut [bool], index: usize, token: &Token, character: char) -> bool {
        let onward = match token {
            Token::Literal(literal) if *literal == character => index + 1,
            Token::One if character != '/' => index + 1,
            Token::Class { negated, ranges } if within(ranges, character) != *negated => index + 1,
            Token::Many if character != '/' => index,
            Token::Anything => index,
            Token::Folders => {
                // Inside a folder's name there is no way on but its slash.
                set(next, index);
                if character == '/' {
                    self.enter(next, index + 1);
                }
                return true;
            }
            _ => return false,
        };
        self.enter(next, onward);
        true
    }

    /// Returns whether anything inside a folder could match.
    pub(super) fn reaches_into(&self, folder: &str) -> bool {
        let mut inside = folder.chars().chain(['/']);
        for token in &self.tokens {
            match (token, inside.next()) {
                (_, None) => return true,
                (Token::Literal(literal), Some(character)) if *literal == character => {}
                (Token::Literal(_), Some(_)) => return false,
                _ => return true,
            }
        }
        // The pattern ends before the folder does.
        inside.next().is_none()
    }

    /// Enters a state, and those that are reached from it without a character.
    fn enter(&self, states: &mut [bool], index: usize) {
        let mut index = index;
        loop {
            set(states, index);
            match self.tokens.get(index) {
                Some(Token::Many | Token::Folders | Token::Anything) => index += 1,
                _ => return,
            }
        }
    }
}

fn set(states: &mut [bool], index: usize) {
    if let Some(state) = states.get_mut(index) {
        *state = true;
    }
}

fn within(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// Returns a path without `.`, `..` and doubled slashes (Go's `filepath.Clean`).
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' if characters.next_if_eq(&'*').is_some() => {
                let slash = characters.next_if_eq(&'/').is_some();
                match characters.peek() {
                    None => Token::Anything,
                    // In front of plain text it stands for any beginning.
                    Some(_) if tokens.is_empty() && !slash && !pattern.contains(['?', '[', ']', '\\']) => {
                        match pattern.get(2..).is_some_and(|rest| rest.contains('*')) {
                            true => Token::Folders,
                            false => Token::Anything,
                        }
                    }
                    Some(_) => Token::Folders,
                }
            }
            '*' => Token::Many,
            '?' => Token::One,
            '\\' => Token::Literal(characters.next()?),
            '[' => class(&mut characters)?,
            literal => Token::Literal(literal),
        });
    }
    Some(tokens)
}

fn class(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let first = match characters.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { negated, ranges }),
            ']' | '-' => return None,
            '\\' => characters.next()?,
            first => first,
        };
        let mut last = first;
        if characters.next_if_eq(&'-').is_some() {
            last = match characters.next()? {
                ']' | '-' => return None,
                '\\' => characters.next()?,
                last => last,
            };
        }
        if last < first {
            return None;
        }
        ranges.push((first, last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, yes, no) in [
            ("a", &["a"][..], &["b", "a/b", "aa", ""][..]),
            ("./a/../b//c/", &["b/c"], &["b", "a/b/c"]),
            ("*", &["a", "a.b", ""], &["a/b"]),
            ("*/*.md", &["a/b.md"], &["b.md", "a/b/c.md"]),
            ("a?c", &["abc", "aäc"], &["ac", "a/c"]),
            ("**", &["a", "a/b/c"], &[]),
            ("**/a", &["a", "b/a", "b/c/a"], &["ba", "a/b"]),
            ("**a", &["a", "ba", "b/a", "b/ca"], &["ab"]),
            ("**]", &["]", "a/]"], &["a]"]),
            ("**a*", &["a", "ab", "b/a", "b/ab"], &["ba", "b/ca"]),
            ("a/**", &["a/b", "a/b/c", "a/"], &["a", "b/a/c"]),
            ("a/**/b", &["a/b", "a/c/b", "a/c/d/b"], &["ab", "a/cb"]),
            ("a**b", &["ab", "ac/b"], &["acb"]),
            ("**/*.tmp", &["a.tmp", "b/a.tmp"], &["a.tmp/b"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x"]),
            ("[^a-c]x", &["dx"], &["ax"]),
            (r"[\]\-]", &["]", "-"], &["a"]),
            (r"\*", &["*"], &["a"]),
            // Unlike the original, which passes these on to its regular expressions.
            ("^a", &["^a"], &["a"]),
            (r"\a*", &["ab"], &["b"]),
            ("a.b", &["a.b"], &["axb"]),
            ("a+(b)", &["a+(b)"], &["aab"]),
        ] {
            let parsed = Pattern::parse(pattern).unwrap().unwrap();
            for path in yes {
                assert!(parsed.matches(path), "`{pattern}` is to match `{path}`");
            }
            for path in no {
                assert!(!parsed.matches(path), "`{pattern}` is not to match `{path}`");
            }
        }
        assert_eq!(Pattern::parse("  "), Ok(None));
        assert!(Pattern::parse(" !a ").unwrap().unwrap().is_negated());
        for wrong in ["!", "!/", "[", "[]", "[a", "[b-a]", "[-a]", "\\", &"a".repeat(5000)] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reaches() {
        for (pattern, folder, reaches) in [
            ("a/b", "a", true),
            ("a/b", "b", false),
            ("a", "a", false),
            ("a/b", "a/b", false),
            ("a/b/c", "a/b", true),
            ("ab/c", "a", false),
            ("*/c", "a", true),
            ("a/*", "a/b", true),
            ("**/c", "x/y", true),
            ("a/**", "b", false),
        ] {
            let parsed = Pattern::parse(pattern).unwrap().unwrap();
            assert_eq!(parsed.reaches_into(folder), reaches, "{pattern} {folder}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = Pattern::parse(&"*a".repeat(1000)).unwrap().unwrap();
        assert!(!pattern.matches(&"a".repeat(900)));
        assert!(pattern.matches(&"a".repeat(1000)));
    }
}
