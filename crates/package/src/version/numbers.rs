//! Versions that are nothing but numbers: if one begins with the other, the longer one is newer, even by zeros.

use super::{Comparable, number};
use std::cmp::Ordering;

/// A version of a package of R's: numbers with dots or hyphens between them.
pub(super) struct Cran<'a>(&'a str);

/// A version of a package of Haskell's: numbers with dots between them.
pub(super) struct Hackage<'a>(&'a str);

impl<'a> Comparable<'a> for Cran<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        text.split(['.', '-']).all(number::is_number).then_some(Self(text))
    }

    fn compare(&self, other: &Self) -> Ordering {
        compare(self.0.split(['.', '-']), other.0.split(['.', '-']))
    }
}

impl<'a> Comparable<'a> for Hackage<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        text.split('.').all(number::is_number).then_some(Self(text))
    }

    fn compare(&self, other: &Self) -> Ordering {
        compare(self.0.split('.'), other.0.split('.'))
    }
}

fn compare<'a>(mut one: impl Iterator<Item = &'a str>, mut other: impl Iterator<Item = &'a str>) -> Ordering {
    loop {
        let (one, other) = (one.next(), other.next());
        let order = number::compare_optional(one, other);
        if order.is_ne() || one.is_none() {
            return order;
        }
    }
}
