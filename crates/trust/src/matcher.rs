use crate::shown::shown;
use regex::{Regex, RegexBuilder};
use std::fmt;

/// Longest value or pattern, in bytes.
const LENGTH: usize = 4096;
/// Largest compiled pattern, in bytes.
const SIZE: usize = 1 << 20;

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Exactly this text, byte for byte.
    Exact(String),
    /// Something that this regular expression matches from its first to its last byte.
    Pattern(Pattern),
}

/// A regular expression that matches whole values, made by [`Matcher::pattern`].
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

/// A value or a pattern that nothing can be compared with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MatcherError {
    /// It is empty, and what must match nothing would pass for what need not match.
    #[error("it is empty")]
    Empty,
    /// It is longer than any identity.
    #[error("it has {length} bytes: at most {LENGTH} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is no regular expression of the crate `regex`, or too large a one.
    #[error("`{}` is not a regular expression", shown(pattern))]
    Pattern {
        /// What was said.
        pattern: String,
        /// What is wrong.
        source: Box<regex::Error>,
    },
}

impl Matcher {
    /// Makes one for exactly this text.
    pub fn exact(text: impl Into<String>) -> Result<Self, MatcherError> {
        let text = text.into();
        check_length(&text)?;
        Ok(Self::Exact(text))
    }

    /// Makes one for the address of something by HTTPS, on whatever host; `path` begins with a slash.
    pub fn on_any_host(path: &str) -> Result<Self, MatcherError> {
        Self::pattern(format!("https://[^/]+{}", regex::escape(path)))
    }

    /// Makes one for what a regular expression matches as a whole: `https://github.com/team/.*` does not match `https://github.com/team/x` within a
    /// longer text, and no flag in it changes that.
    pub fn pattern(text: impl Into<String>) -> Result<Self, MatcherError> {
        let text = text.into();
        check_length(&text)?;
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(SIZE)
                .build()
                .map_err(|source| MatcherError::Pattern { pattern: text.clone(), source: Box::new(source) })
        };
        // By itself first: `a)|(?:b` is none, but would be one between the parentheses, and match within texts.
        compile(&text)?;
        let whole = compile(&format!(r"\A(?:{text})\z"))?;
        Ok(Self::Pattern(Pattern { text, whole }))
    }

    /// Returns whether a value is what is wanted.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => text == value,
            Self::Pattern(pattern) => pattern.whole.is_match(value),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => write!(formatter, "`{}`", shown(text)),
            Self::Pattern(pattern) => write!(formatter, "all of it matching `{}`", shown(&pattern.text)),
        }
    }
}

fn check_length(text: &str) -> Result<(), MatcherError> {
    match text.len() {
        0 => Err(MatcherError::Empty),
        length if length > LENGTH => Err(MatcherError::TooLong { length }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main";

    #[test]
    fn exact_is_exact() {
        let matcher = Matcher::exact(URI).unwrap();
        assert!(matcher.matches(URI));
        for other in [
            format!("{URI}\n"),
            format!(" {URI}"),
            format!("{URI}/"),
            format!("x{URI}"),
            URI.to_uppercase(),
            URI.replace("team", "Team"),
            URI.replace("github.com", "github.com."),
            URI.replace("e", "\u{435}"),
            String::new(),
        ] {
            assert!(!matcher.matches(&other), "{other:?}");
        }
    }

    #[test]
    fn patterns_match_the_whole() {
        for (pattern, value, expected) in [
            (r"https://github\.com/team/.*", URI, true),
            (r"^https://github\.com/team/.*$", URI, true),
            (r"\Ahttps://github\.com/team/.*\z", URI, true),
            (r"(?i)HTTPS://GITHUB\.COM/TEAM/.*", URI, true),
            ("a|ab", "ab", true),
            ("", "", false),
            ("github.com/team", URI, false),
            (r"https://github\.com/team", URI, false),
            (r"https://github\.com/team/app", "https://github.com/team/app-evil", false),
            (r"https://github\.com/.*", "https://evil-github.com/team/app", false),
            (r"https://github\.com/.*", "https://evil.org/?https://github.com/team", false),
            (r"https://github\.com/team/.*", "https://github.com/team-evil/app", false),
            (r"https://github\.com/team/.*", "https://github.com/team/x\nhttps://evil.org", false),
            (r"https://github\.com/team/.*", "https://github.com/team/x\n", false),
            (r".*@example\.com", "evil@example.com\n.evil.org", false),
            (r"(?m)^https://github\.com/team$", "https://github.com/team\nhttps://evil.org", false),
            (r"(?m)^https://github\.com/team$", "https://evil.org\nhttps://github.com/team", false),
            (r"(?m)a$", "a\n", false),
            ("a$", "a\n", false),
            ("a|b", "ax", false),
            ("a|b", "xb", false),
            ("a|b|", "c", false),
            ("(?s).*", "a\nb", true),
        ] {
            let matches = Matcher::pattern(pattern).is_ok_and(|matcher| matcher.matches(value));
            assert_eq!(matches, expected, "{pattern:?} {value:?}");
        }
    }

    #[test]
    fn refuses_what_would_get_out_of_the_anchors() {
        for pattern in
            ["a)|(?:b", "a)|(b", "(?x)a #", "(?x)a)#", "[", "a\\", "(?:", "*", r"\A(?:a)\z)|(?:", "a{1000}{1000}{1000}"]
        {
            assert!(matches!(Matcher::pattern(pattern), Err(MatcherError::Pattern { .. })), "{pattern}");
        }
        assert!(matches!(Matcher::pattern(""), Err(MatcherError::Empty)));
        assert!(matches!(Matcher::exact(""), Err(MatcherError::Empty)));
        assert!(matches!(Matcher::pattern("a".repeat(LENGTH + 1)), Err(MatcherError::TooLong { .. })));
        assert!(matches!(Matcher::exact("a".repeat(LENGTH + 1)), Err(MatcherError::TooLong { .. })));
    }
}
