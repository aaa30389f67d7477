use std::fmt;

/// A text, or a regular expression for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// Exactly this, byte for byte.
    Exact(String),
    /// What this regular expression (crate `regex`) matches as a whole.
    Pattern(String),
}

/// Characters that stand for themselves only behind a backslash.
const META: &str = r"\.+*?()|[]{}^$";
/// What may stand behind a backslash and means the same, or less, to RE2: `\d`, `\s` and `\w` are those of ASCII there.
const ESCAPED: &str = "nrtAz";
/// The same, for what is less there and hence more behind a negation.
const CLASSES: &str = "dsw";
/// What may stand behind `(?` and means the same.
const GROUPS: [&str; 4] = [":", "i)", "i:", "P<"];

impl Text {
    /// Returns it as it was written.
    pub(crate) fn written(&self) -> &str {
        let (Self::Exact(text) | Self::Pattern(text)) = self;
        text
    }

    /// Returns it as a regular expression of RE2 that matches the same and no more, also where others look for it within a text. Fails with what
    /// in it could mean something else.
    pub(crate) fn anchored(&self) -> Result<String, String> {
        match self {
            Self::Exact(text) => Ok(format!("^{}$", escaped(text))),
            Self::Pattern(pattern) => {
                check(pattern)?;
                Ok(format!("^(?:{pattern})$"))
            }
        }
    }
}

/// Returns a regular expression for exactly this text.
fn escaped(text: &str) -> String {
    let escape = |character: char| META.contains(character).then_some('\\').into_iter().chain([character]);
    text.chars().flat_map(escape).collect()
}

/// Looks for what the crate `regex` and RE2 do not read alike. Only what is known to be alike passes.
fn check(pattern: &str) -> Result<(), String> {
    let mut rest = pattern.chars();
    let (mut in_class, mut is_negated) = (false, false);
    let mut before = None;
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some(next) if ESCAPED.contains(next) || next.is_ascii_punctuation() => {}
                Some(next) if CLASSES.contains(next) && !(in_class && is_negated) => {}
                next => return Err(format!("`\\{}`", next.map(String::from).unwrap_or_default())),
            },
            '[' if in_class => return Err("a class within a class".to_owned()),
            '[' => {
                in_class = true;
                // The first one of a class stands for itself.
                let inner = rest.as_str();
                is_negated = inner.starts_with('^');
                let skipped = inner.strip_prefix("^]").or_else(|| inner.strip_prefix(']')).unwrap_or(inner);
                rest = skipped.chars();
            }
            ']' => in_class = false,
            '&' | '-' | '~' if in_class && before == Some(character) => {
                return Err(format!("`{character}{character}` in a class"));
            }
            '(' if !in_class && rest.as_str().starts_with('?') => {
                let flags = rest.as_str().trim_start_matches('?');
                if !GROUPS.iter().any(|group| flags.starts_with(group)) {
                    let end = flags.find([')', ':', '>']).map_or(flags.len(), |end| end + 1);
                    return Err(format!("`(?{}`", flags.get(..end).unwrap_or_default()));
                }
            }
            _ => {}
        }
        before = Some(character);
    }
    Ok(())
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => write!(formatter, "`{text}`"),
            Self::Pattern(pattern) => write!(formatter, "`/{pattern}/`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_texts_are_escaped() {
        let text = Text::Exact("https://github.com/a+b/c*?(d)[e]{f}|g^$\\@refs/heads/main".to_owned());
        let expected = r"^https://github\.com/a\+b/c\*\?\(d\)\[e\]\{f\}\|g\^\$\\@refs/heads/main$";
        assert_eq!(text.anchored().unwrap(), expected);
    }

    #[test]
    fn patterns_match_as_a_whole_or_not_at_all() {
        for (pattern, expected) in [
            ("a|b", Some("^(?:a|b)$")),
            (
                r"https://github\.com/team/.*@refs/(heads/main|tags/v\d+)",
                Some(r"^(?:https://github\.com/team/.*@refs/(heads/main|tags/v\d+))$"),
            ),
            (r"\A(?i)x\z", Some(r"^(?:\A(?i)x\z)$")),
            ("(?P<name>x)", Some("^(?:(?P<name>x))$")),
            ("[]a]", Some("^(?:[]a])$")),
            ("[^]a-z-]", Some("^(?:[^]a-z-])$")),
            (r"[a\]-]", Some(r"^(?:[a\]-])$")),
            ("a--b", Some("^(?:a--b)$")),
            ("(?m)^x$", None),
            ("(?x) a", None),
            ("(?s).", None),
            ("(?<name>x)", None),
            ("(?-i)x", None),
            (r"\bx", None),
            (r"[\w.-]+", Some(r"^(?:[\w.-]+)$")),
            (r"[^\w]", None),
            (r"\D", None),
            (r"\p{L}", None),
            (r"\x41", None),
            ("[a-z&&[^b]]", None),
            ("[a[b]]", None),
            ("[[:alpha:]]", None),
            ("[a--b]", None),
            ("[a~~b]", None),
            (r"\", None),
        ] {
            assert_eq!(Text::Pattern(pattern.to_owned()).anchored().ok().as_deref(), expected, "{pattern}");
        }
    }
}
