//! Licences that packages declare, held against those that are denied (SPDX 2.3, annex D).

use super::denied::denies;
use super::{Pattern, free_text};
use std::collections::{BTreeMap, BTreeSet};

/// Most parentheses within each other.
const DEPTH_LIMIT: usize = 50;

/// What becomes of a package by its licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a way to use it by licences of which none is denied.
    Allowed,
    /// It is not known by which licence it may be used.
    Unknown,
    /// These licences are denied, and there is no way without.
    Denied(BTreeSet<String>),
}

/// Licences that SPDX has no name for, as a document names them, with what else they are called there.
pub(super) type Texts<'a> = BTreeMap<&'a str, Vec<String>>;

/// Reads what a document says of the licences that SPDX has no name for: names, each with a text (SPDX 2.3, clause 10).
pub(super) fn texts<'a>(named: impl Iterator<Item = (&'a str, &'a str)>) -> Texts<'a> {
    named.map(|(name, text)| (name, free_text::names(text))).collect()
}

/// Judges an expression. Of several licences of which one may be chosen, one that is allowed is enough; of those that hold together none may be denied.
pub(super) fn judge(expression: &str, denied: &[Pattern], texts: &Texts<'_>) -> Outcome {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut parser = Parser { words: spaced.split_whitespace().peekable(), denied, texts };
    match parser.any(DEPTH_LIMIT) {
        Some(outcome) if parser.words.peek().is_none() => outcome,
        _ => Outcome::Unknown,
    }
}

struct Parser<'a, Words: Iterator<Item = &'a str>> {
    words: std::iter::Peekable<Words>,
    denied: &'a [Pattern],
    texts: &'a Texts<'a>,
}

impl<'a, Words: Iterator<Item = &'a str>> Parser<'a, Words> {
    /// Reads what is joined by `OR`. `None`: it is no expression.
    fn any(&mut self, depth: usize) -> Option<Outcome> {
        let mut outcome = self.all(depth)?;
        while self.takes("OR") {
            outcome = match (outcome, self.all(depth)?) {
                (Outcome::Allowed, _) | (_, Outcome::Allowed) => Outcome::Allowed,
                (Outcome::Denied(one), Outcome::Denied(other)) => {
                    Outcome::Denied(one.into_iter().chain(other).collect())
                }
                _ => Outcome::Unknown,
            };
        }
        Some(outcome)
    }

    /// Reads what is joined by `AND`.
    fn all(&mut self, depth: usize) -> Option<Outcome> {
        let mut outcome = self.one(depth)?;
        while self.takes("AND") {
            outcome = match (outcome, self.one(depth)?) {
                (Outcome::Denied(one), Outcome::Denied(other)) => {
                    Outcome::Denied(one.into_iter().chain(other).collect())
                }
                (Outcome::Denied(denied), _) | (_, Outcome::Denied(denied)) => Outcome::Denied(denied),
                (Outcome::Allowed, Outcome::Allowed) => Outcome::Allowed,
                _ => Outcome::Unknown,
            };
        }
        Some(outcome)
    }

    /// Reads a licence, or what stands in parentheses. An exception allows more, so the licence alone counts.
    fn one(&mut self, depth: usize) -> Option<Outcome> {
        let word = self.words.next()?;
        if word == "(" {
            let outcome = self.any(depth.checked_sub(1)?)?;
            return (self.words.next() == Some(")")).then_some(outcome);
        }
        if self.takes("WITH") {
            self.words.next()?;
        }
        Some(self.of_license(word))
    }

    fn of_license(&self, word: &str) -> Outcome {
        let is_unknown = ["NOASSERTION", "NONE"].contains(&word) || word.contains("LicenseRef-");
        let others = self.texts.get(word).into_iter().flatten().map(String::as_str);
        let mut names = std::iter::once(word).chain(others);
        match names.any(|name| self.denied.iter().any(|denied| denies(denied, name))) {
            // `*` denies all that are known.
            true if !is_unknown || word.contains("LicenseRef-") => Outcome::Denied(BTreeSet::from([word.to_owned()])),
            _ if is_unknown => Outcome::Unknown,
            _ => Outcome::Allowed,
        }
    }

    fn takes(&mut self, operator: &str) -> bool {
        self.words.next_if(|word| word.eq_ignore_ascii_case(operator)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_to_use_it_is_enough() {
        let denied = ["AGPL-3.0*", "GPL-3.0-only", "LicenseRef-secret"].map(Pattern::new);
        let table = [
            ("MIT", Ok(true)),
            ("GPL-3.0-only", Err("GPL-3.0-only")),
            ("gpl-3.0-ONLY", Err("gpl-3.0-ONLY")),
            ("GPL-3.0-or-later", Ok(true)),
            ("AGPL-3.0+", Err("AGPL-3.0+")),
            ("MIT OR AGPL-3.0-only", Ok(true)),
            ("AGPL-3.0-only OR GPL-3.0-only", Err("AGPL-3.0-only GPL-3.0-only")),
            ("MIT AND AGPL-3.0-only", Err("AGPL-3.0-only")),
            ("MIT AND (Apache-2.0 OR AGPL-3.0-only)", Ok(true)),
            ("(MIT OR BSD-3-Clause) AND (GPL-3.0-only OR AGPL-3.0-only)", Err("AGPL-3.0-only GPL-3.0-only")),
            ("MIT OR GPL-3.0-only AND BSD-3-Clause", Ok(true)),
            ("GPL-3.0-only WITH GCC-exception-3.1", Err("GPL-3.0-only")),
            ("GPL-2.0-only WITH GPL-3.0-only", Ok(true)),
            ("NOASSERTION", Ok(false)),
            ("NONE", Ok(false)),
            ("", Ok(false)),
            ("LicenseRef-other", Ok(false)),
            ("LicenseRef-secret", Err("LicenseRef-secret")),
            ("LicenseRef-gnu", Err("LicenseRef-gnu")),
            ("LicenseRef-any", Ok(false)),
            ("MIT OR LicenseRef-gnu", Ok(true)),
            ("MIT OR LicenseRef-other", Ok(true)),
            ("MIT AND LicenseRef-other", Ok(false)),
            ("AGPL-3.0-only AND LicenseRef-other", Err("AGPL-3.0-only")),
            ("AGPL-3.0-only OR LicenseRef-other", Ok(false)),
            ("MIT AND", Ok(false)),
            ("(MIT", Ok(false)),
            ("MIT)", Ok(false)),
            ("MIT Apache-2.0", Ok(false)),
        ];
        let texts = texts([("LicenseRef-gnu", "GNU AGPL v3 (ours)"), ("LicenseRef-any", "GPLv2 or ours")].into_iter());
        for (expression, expected) in table {
            let expected = match expected {
                Ok(true) => Outcome::Allowed,
                Ok(false) => Outcome::Unknown,
                Err(denied) => Outcome::Denied(denied.split(' ').map(str::to_owned).collect()),
            };
            assert_eq!(judge(expression, &denied, &texts), expected, "{expression}");
        }
        assert_eq!(judge(&"(".repeat(100_000), &denied, &texts), Outcome::Unknown);
        assert_eq!(judge(&["MIT"; 10_000].join(" AND "), &denied, &texts), Outcome::Allowed);
    }
}
