use super::{Version, VersionError};
use std::fmt;
use std::str::FromStr;

/// Most packages that one field may name.
const COUNT_LIMIT: usize = 20_000;
/// Longest name of a package, in bytes.
const NAME_LIMIT: usize = 255;

/// Alternatives, one of which suffices: `a | b`.
pub type Clause = Vec<Relation>;

/// A package named by another one, such as `libc6 (>= 2.36)` (Debian policy, section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The package's name, or one that packages provide.
    pub name: String,
    /// What stands after a colon: `any`, `native` or an architecture.
    pub arch_qualifier: Option<String>,
    /// The versions that are meant.
    pub constraint: Option<(Comparison, Version)>,
    /// The architectures for which this counts, or, each with a leading `!`, those for which it does not. Empty means all.
    pub architectures: Vec<String>,
}

/// How a version compares with one that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

/// A text that does not name packages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// One of the names or what follows it is wrong.
    #[error("`{text}` does not name a package: expected `name`, `name (>= version)` or `name [architecture]`")]
    Form {
        /// What was read.
        text: String,
    },
    /// One of the versions is wrong.
    #[error("`{text}`")]
    Version {
        /// What was read.
        text: String,
        /// What is wrong with the version.
        source: VersionError,
    },
    /// Alternatives stand where there can be none.
    #[error("`{text}`: alternatives cannot stand here")]
    Alternatives {
        /// What was read.
        text: String,
    },
    /// There are too many.
    #[error("more than {COUNT_LIMIT} packages in one field")]
    TooMany,
}

impl Relation {
    /// Parses what a person asks for, in apt's words: `name`, `name=version`, or any relation.
    pub fn wanted(text: &str) -> Result<Self, RelationError> {
        match text.split_once('=') {
            Some((name, version)) if !name.contains(['(', '<', '>']) => format!("{name} (= {version})").parse(),
            _ => text.parse(),
        }
    }

    /// Returns whether this version is meant.
    pub fn accepts(&self, version: &Version) -> bool {
        self.constraint.as_ref().is_none_or(|(comparison, given)| comparison.holds(version, given))
    }

    /// Returns whether this counts on a Debian architecture.
    pub fn applies_to(&self, architecture: &str) -> bool {
        let matches = |pattern: &str| pattern == architecture || matches!(pattern, "any" | "linux-any");
        match self.architectures.first() {
            None => true,
            Some(first) if first.starts_with('!') => {
                !self.architectures.iter().any(|name| name.strip_prefix('!').is_some_and(matches))
            }
            Some(_) => self.architectures.iter().any(|name| matches(name)),
        }
    }
}

impl Comparison {
    /// Returns whether `version` stands in this relation to `given`.
    pub fn holds(self, version: &Version, given: &Version) -> bool {
        match self {
            Self::Earlier => version < given,
            Self::EarlierOrEqual => version <= given,
            Self::Equal => version == given,
            Self::LaterOrEqual => version >= given,
            Self::Later => version > given,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if let Some(qualifier) = &self.arch_qualifier {
            write!(formatter, ":{qualifier}")?;
        }
        if let Some((comparison, version)) = &self.constraint {
            write!(formatter, " ({} {version})", comparison.sign())?;
        }
        if !self.architectures.is_empty() {
            write!(formatter, " [{}]", self.architectures.join(" "))?;
        }
        Ok(())
    }
}

impl FromStr for Relation {
    type Err = RelationError;

    fn from_str(text: &str) -> Result<Self, RelationError> {
        let shown = || text.trim().chars().take(200).collect::<String>();
        let error = || RelationError::Form { text: shown() };
        let (rest, architectures) = bracketed(text.trim(), '[', ']').ok_or_else(error)?;
        let (name, constraint) = bracketed(rest, '(', ')').ok_or_else(error)?;
        let (name, arch_qualifier) = match name.split_once(':') {
            Some((name, qualifier)) if is_word(qualifier) => (name, Some(qualifier.to_owned())),
            Some(_) => return Err(error()),
            None => (name, None),
        };
        if !valid_package_name(name) {
            return Err(error());
        }
        let architectures: Vec<String> =
            architectures.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let negated = architectures.iter().filter(|name| name.starts_with('!')).count();
        let words = architectures.iter().all(|name| is_word(name.strip_prefix('!').unwrap_or(name)));
        if !words || (negated > 0 && negated < architectures.len()) {
            return Err(error());
        }
        let constraint = match constraint {
            None => None,
            Some(constraint) => {
                let version = constraint.trim_start_matches(['<', '=', '>']);
                let comparison = match &constraint[..constraint.len() - version.len()] {
                    "<<" => Comparison::Earlier,
                    // A single sign is an old way to write "or equal".
                    "<=" | "<" => Comparison::EarlierOrEqual,
                    "=" => Comparison::Equal,
                    ">=" | ">" => Comparison::LaterOrEqual,
                    ">>" => Comparison::Later,
                    _ => return Err(error()),
                };
                let version =
                    version.trim().parse().map_err(|source| RelationError::Version { text: shown(), source })?;
                Some((comparison, version))
            }
        };
        Ok(Self { name: name.to_owned(), arch_qualifier, constraint, architectures })
    }
}

/// Parses a list of clauses, `a (>= 1) | b, c`.
pub fn parse_clauses(text: &str) -> Result<Vec<Clause>, RelationError> {
    let parts = || text.split(',').filter(|part| !part.trim().is_empty());
    if parts().flat_map(|part| part.split('|')).count() > COUNT_LIMIT {
        return Err(RelationError::TooMany);
    }
    parts().map(|part| part.split('|').map(str::parse).collect()).collect()
}

/// Parses a list without alternatives, `a (= 1), b`.
pub fn parse_relations(text: &str) -> Result<Vec<Relation>, RelationError> {
    if text.contains('|') {
        return Err(RelationError::Alternatives { text: text.chars().take(200).collect() });
    }
    Ok(parse_clauses(text)?.into_iter().flatten().collect())
}

/// Returns whether a text is a package's name (Debian policy, section 5.6.7). It is then also a safe file name.
pub(crate) fn valid_package_name(name: &str) -> bool {
    name.len() <= NAME_LIMIT
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
}

/// Returns whether a text is the name of an architecture, or of several.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Takes what stands in brackets at the end; `None` where they do not pair up.
fn bracketed(text: &str, open: char, close: char) -> Option<(&str, Option<&str>)> {
    match text.split_once(open) {
        None => Some((text, None)),
        Some((before, inside)) => Some((before.trim_end(), Some(inside.strip_suffix(close)?.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_clauses() {
        for (text, expected) in [
            ("a", "a"),
            ("a,b", "a, b"),
            (
                "a (>= 1)|b [amd64], c:any(<<2:1-1)  [!arm64 !s390x] ,\n d",
                "a (>= 1) | b [amd64], c:any (<< 2:1-1) [!arm64 !s390x], d",
            ),
            ("a (< 1), b (> 1), c(=1),", "a (<= 1), b (>= 1), c (= 1)"),
            ("libstdc++6 (>> 4.9~rc)", "libstdc++6 (>> 4.9~rc)"),
            ("", ""),
        ] {
            let clauses = parse_clauses(text).unwrap();
            let written: Vec<String> = clauses
                .iter()
                .map(|clause| clause.iter().map(Relation::to_string).collect::<Vec<_>>().join(" | "))
                .collect();
            assert_eq!(written.join(", "), expected);
        }
    }

    #[test]
    fn refuses_what_names_no_package() {
        for text in [
            "a |",
            "| a",
            "a b",
            "a (1)",
            "a (=> 1)",
            "a (>= )",
            "a (>= 1",
            "a [x",
            "a (>= 1) x",
            "a:",
            "-a",
            "a/b",
            "..",
            "a [!x y]",
            "a <!nocheck>",
        ] {
            assert!(parse_clauses(text).is_err(), "{text}");
        }
        assert!(matches!(parse_relations("a | b"), Err(RelationError::Alternatives { .. })));
        assert!(matches!("a (= 1_)".parse::<Relation>(), Err(RelationError::Version { .. })));
        assert!(matches!(parse_clauses(&"a|".repeat(COUNT_LIMIT + 1)), Err(RelationError::TooMany)));
    }

    #[test]
    fn reads_what_people_ask_for() {
        for (text, expected) in [
            ("nginx", "nginx"),
            ("nginx=1.22.1-9", "nginx (= 1.22.1-9)"),
            ("nginx (>= 1)", "nginx (>= 1)"),
            ("a:any=1:2", "a:any (= 1:2)"),
        ] {
            assert_eq!(Relation::wanted(text).unwrap().to_string(), expected);
        }
        for text in ["nginx=", "=1", "nginx=1)", "", "nginx/stable"] {
            assert!(Relation::wanted(text).is_err(), "{text}");
        }
    }

    #[test]
    fn compares_versions() {
        for (comparison, accepted) in [
            ("<<", [true, false, false]),
            ("<=", [true, true, false]),
            ("=", [false, true, false]),
            (">=", [false, true, true]),
            (">>", [false, false, true]),
        ] {
            let relation: Relation = format!("a ({comparison} 1.5)").parse().unwrap();
            assert_eq!(
                ["1", "1.5-0", "2"].map(|version| relation.accepts(&version.parse().unwrap())),
                accepted,
                "{comparison}"
            );
        }
    }

    #[test]
    fn knows_where_it_counts() {
        for (text, expected) in [
            ("a", true),
            ("a [amd64 arm64]", true),
            ("a [arm64]", false),
            ("a [!amd64]", false),
            ("a [!arm64]", true),
            ("a [linux-any]", true),
        ] {
            assert_eq!(text.parse::<Relation>().unwrap().applies_to("amd64"), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ab(<>=)\\[\\]!|, :1é-]{0,25}") {
            for relation in parse_clauses(&text).unwrap_or_default().iter().flatten() {
                prop_assert_eq!(&relation.to_string().parse::<Relation>().unwrap(), relation);
            }
            let _ = Relation::wanted(&text);
        }
    }
}
