use super::{Comparable, number, semantic};
use std::cmp::Ordering;

const RULES: semantic::Rules = semantic::Rules { prefixes: &['v'], numbers: 3, loose: false };

/// A version of a module, such as `v1.2.3+incompatible` and `v0.0.0-20210101000000-abcdef123456`, or of the toolchain, such as `go1.22rc1`.
///
/// Advisories about the standard library write the latter as `1.22.0-rc.1`, so both forms are equal. A module built from a working copy,
/// `(devel)`, has no version.
pub(super) struct Version<'a> {
    numbers: &'a str,
    /// Identifiers with dots between them, and one more.
    prerelease: (&'a str, &'a str),
}

impl<'a> Version<'a> {
    /// Reads a version of the toolchain. What distributors add, after a hyphen, and experiments, after a space, do not count.
    fn of_toolchain(text: &'a str) -> Option<Self> {
        let mut rest = text.split(['-', ' ']).next().unwrap_or_default();
        let numbers = number::take_dotted(&mut rest);
        let word = number::take(&mut rest, |byte| byte.is_ascii_lowercase());
        let is_valid = !numbers.is_empty()
            && numbers.split('.').count() <= RULES.numbers
            && match word {
                "" => rest.is_empty(),
                "beta" | "rc" => number::is_number(rest),
                _ => false,
            };
        is_valid.then_some(Self { numbers, prerelease: (word, rest) })
    }

    fn identifiers(&self) -> impl Iterator<Item = &'a str> {
        self.prerelease.0.split('.').chain(Some(self.prerelease.1).filter(|last| !last.is_empty()))
    }
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if let Some(toolchain) = text.strip_prefix("go") {
            return Self::of_toolchain(toolchain);
        }
        match semantic::Version::read(text, &RULES) {
            Some(version) => Some(Self { numbers: version.numbers, prerelease: (version.prerelease, "") }),
            None if !text.contains(['-', ' ']) => Self::of_toolchain(text),
            None => None,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        number::compare_dotted(self.numbers, other.numbers)
            .then_with(|| self.prerelease.0.is_empty().cmp(&other.prerelease.0.is_empty()))
            .then_with(|| semantic::compare_identifiers(self.identifiers(), other.identifiers(), str::cmp))
    }
}
