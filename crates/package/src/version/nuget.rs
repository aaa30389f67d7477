use super::{Comparable, number, semantic};
use std::cmp::Ordering;

/// A version of NuGet's: up to four numbers, and words in any case.
pub(super) struct Version<'a>(semantic::Version<'a>);

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        semantic::Version::read(text, &semantic::Rules { prefixes: &[], numbers: 4, loose: false }).map(Self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (one, other) = (&self.0, &other.0);
        let identifiers = |version: &semantic::Version<'a>| version.prerelease.split('.');
        number::compare_dotted(one.numbers, other.numbers)
            .then_with(|| one.prerelease.is_empty().cmp(&other.prerelease.is_empty()))
            .then_with(|| semantic::compare_identifiers(identifiers(one), identifiers(other), number::compare_folded))
    }
}
