//! Semantic Versioning 2.0 (semver.org), and what is like it.

use super::{Comparable, number};
use std::cmp::Ordering;

/// What a text is to have to be a version.
pub(super) struct Rules {
    /// Characters that may stand before the first number.
    pub(super) prefixes: &'static [char],
    /// Most numbers.
    pub(super) numbers: usize,
    /// Whether a prerelease needs no hyphen, as in `1.2.3beta`.
    pub(super) loose: bool,
}

/// A version: numbers, what makes it a prerelease, and its build.
pub(super) struct Version<'a> {
    pub(super) numbers: &'a str,
    pub(super) prerelease: &'a str,
    pub(super) build: &'a str,
}

/// A version of npm's. Its tools want three numbers; advisories have fewer.
pub(super) struct Npm<'a>(Version<'a>);

/// A version of Dart's.
pub(super) struct Pub<'a>(Version<'a>);

impl<'a> Version<'a> {
    pub(super) fn read(text: &'a str, rules: &Rules) -> Option<Self> {
        let text = text.strip_prefix(rules.prefixes).unwrap_or(text);
        if text.ends_with('+') {
            return None;
        }
        let (mut rest, build) = text.split_once('+').unwrap_or((text, ""));
        let numbers = number::take_dotted(&mut rest);
        let prerelease = match rest.strip_prefix('-') {
            Some(prerelease) => prerelease,
            None if rest.is_empty() || rules.loose && !rest.starts_with('.') => rest,
            None => return None,
        };
        // `_` and `~` are not in the standard; tags have them.
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
        let are_identifiers = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_letter));
        let is_valid = !numbers.is_empty()
            && numbers.split('.').count() <= rules.numbers
            && (rest.is_empty() || are_identifiers(prerelease))
            && (build.is_empty() || are_identifiers(build));
        is_valid.then_some(Self { numbers, prerelease, build })
    }

    /// Compares without the builds, which have no order.
    fn precedence(&self, other: &Self) -> Ordering {
        number::compare_dotted(self.numbers, other.numbers)
            // A release comes after its prereleases.
            .then_with(|| self.prerelease.is_empty().cmp(&other.prerelease.is_empty()))
            .then_with(|| compare_identifiers(self.prerelease.split('.'), other.prerelease.split('.'), str::cmp))
    }
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        Self::read(text, &Rules { prefixes: &['v', 'V'], numbers: usize::MAX, loose: true })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.precedence(other)
    }
}

impl<'a> Comparable<'a> for Npm<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('=').unwrap_or(text).trim_start();
        Version::read(text, &Rules { prefixes: &['v', 'V'], numbers: 3, loose: true }).map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.precedence(&other.0)
    }
}

impl<'a> Comparable<'a> for Pub<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        Version::parse(text).map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (one, other) = (&self.0, &other.0);
        one.precedence(other)
            .then_with(|| other.build.is_empty().cmp(&one.build.is_empty()))
            .then_with(|| compare_identifiers(one.build.split('.'), other.build.split('.'), str::cmp))
    }
}

/// Compares identifiers: numbers as such and before words, and the longer list after the one that it begins with.
pub(super) fn compare_identifiers<'a>(
    one: impl Iterator<Item = &'a str>,
    other: impl Iterator<Item = &'a str>,
    words: impl Fn(&str, &str) -> Ordering,
) -> Ordering {
    number::compare_lists(one, other, Ordering::Less, words)
}
