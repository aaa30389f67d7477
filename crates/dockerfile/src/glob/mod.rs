//! Patterns of paths: those of `.dockerignore`, of COPY and ADD, and of what a BuildKit daemon asks for.

mod clean;
mod token;

pub(crate) use clean::{clean, rooted};

use token::Token;

/// Longest pattern, in bytes.
const LIMIT: usize = 4096;

/// A pattern of whole paths, relative and without a slash at the start: `*` and `?` are anything within one name, `**` any number of names,
/// `[a-z]` and `[^a-z]` one character, and a backslash takes a meaning away (Go's `filepath.Match`, with the `**` of moby/patternmatcher).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Token>);

impl Glob {
    /// Reads a pattern; `None` if it is none.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        Self::read(pattern, true)
    }

    /// Reads a pattern in which two stars are one (Go's `filepath.Match`): none reaches beyond a slash. `None` if it is none.
    pub(crate) fn of_names(pattern: &str) -> Option<Self> {
        Self::read(pattern, false)
    }

    fn read(pattern: &str, any_depth: bool) -> Option<Self> {
        if pattern.len() > LIMIT {
            return None;
        }
        token::parse(pattern, any_depth).map(Self)
    }

    /// Returns whether there is anything in a text that makes it a pattern.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains(['*', '?', '[', '\\'])
    }

    /// Returns whether a path matches. Takes time in proportion to the lengths of both.
    pub(crate) fn matches(&self, path: &str) -> bool {
        // Most patterns part from most paths at the first characters.
        let plain = self.0.iter().take_while(|token| matches!(token, Token::Literal(_))).count();
        let mut rest = path.chars();
        for token in &self.0[..plain] {
            if rest.next().is_none_or(|character| *token != Token::Literal(character)) {
                return false;
            }
        }
        let tokens = &self.0[plain..];
        if tokens.is_empty() {
            return rest.next().is_none();
        }
        States::start(tokens).run(rest)
    }

    /// Returns whether anything inside a folder could match.
    pub(crate) fn reaches_into(&self, folder: &str) -> bool {
        let mut inside = folder.chars().chain(['/']);
        for token in &self.0 {
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
}

/// All places in a pattern that the characters so far may lead to.
struct States<'a> {
    tokens: &'a [Token],
    current: Vec<bool>,
    next: Vec<bool>,
}

impl<'a> States<'a> {
    fn start(tokens: &'a [Token]) -> Self {
        let none = vec![false; tokens.len() + 1];
        let mut states = Self { tokens, current: none.clone(), next: none };
        enter(tokens, &mut states.current, 0);
        states
    }

    fn run(mut self, characters: impl Iterator<Item = char>) -> bool {
        for character in characters {
            self.next.fill(false);
            let mut alive = false;
            for (index, token) in self.tokens.iter().enumerate() {
                if self.current[index] {
                    alive |= step(self.tokens, &mut self.next, index, token, character);
                }
            }
            if !alive {
                return false;
            }
            std::mem::swap(&mut self.current, &mut self.next);
        }
        self.current.last() == Some(&true)
    }
}

/// Goes on from a state by one character; returns whether there is a way.
fn step(tokens: &[Token], next: &mut [bool], index: usize, token: &Token, character: char) -> bool {
    let onward = match token {
        Token::Literal(literal) if *literal == character => index + 1,
        Token::One if character != '/' => index + 1,
        Token::Class(class) if class.has(character) => index + 1,
        Token::Many if character != '/' => index,
        Token::Anything => index,
        Token::Folders => {
            // Inside a folder's name there is no way on but its slash.
            next[index] = true;
            if character == '/' {
                enter(tokens, next, index + 1);
            }
            return true;
        }
        _ => return false,
    };
    enter(tokens, next, onward);
    true
}

/// Enters a state, and those that are reached from it without a character.
fn enter(tokens: &[Token], states: &mut [bool], mut index: usize) {
    loop {
        states[index] = true;
        match tokens.get(index) {
            Some(Token::Many | Token::Folders | Token::Anything) => index += 1,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_paths() {
        for (pattern, yes, no) in [
            ("a", &["a"][..], &["b", "a/b", "aa", ""][..]),
            ("*", &["a", "a.b", ""], &["a/b"]),
            ("d/*", &["d/a"], &["d/a/b", "d"]),
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
            ("[^a-c]x", &["dx"], &["ax", "/x"]),
            (r"[\]\-]", &["]", "-"], &["a"]),
            (r"a[\]-x]", &["a]", "ax"], &["a["]),
            ("a[[]0].txt", &["a[0].txt"], &["a0.txt"]),
            (r"\*", &["*"], &["a"]),
            // Unlike the original, which passes these on to its regular expressions.
            ("^a", &["^a"], &["a"]),
            (r"\a*", &["ab"], &["b"]),
            ("a.b", &["a.b"], &["axb"]),
            ("a+(b)", &["a+(b)"], &["aab"]),
        ] {
            let parsed = Glob::parse(pattern).unwrap();
            for path in yes {
                assert!(parsed.matches(path), "`{pattern}` is to match `{path}`");
            }
            for path in no {
                assert!(!parsed.matches(path), "`{pattern}` is not to match `{path}`");
            }
        }
        for wrong in ["[", "[]", "[a", "[a-]", "[b-a]", "[-a]", "\\", "a\\", &"a".repeat(5000)] {
            assert!(Glob::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn two_stars_are_one_among_names() {
        for (pattern, yes, no) in [("**", "a", "a/b"), ("**/a", "b/a", "c/b/a"), ("a/**b", "a/cb", "a/c/b")] {
            let parsed = Glob::of_names(pattern).unwrap();
            assert!(parsed.matches(yes) && !parsed.matches(no), "{pattern}");
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
            assert_eq!(Glob::parse(pattern).unwrap().reaches_into(folder), reaches, "{pattern} {folder}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let glob = Glob::parse(&"*a".repeat(1000)).unwrap();
        assert!(!glob.matches(&"a".repeat(900)));
        assert!(glob.matches(&"a".repeat(1000)));
    }
}
