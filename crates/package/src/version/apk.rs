use super::{Comparable, number};
use std::cmp::Ordering;

/// Suffixes of prereleases, and of what comes after a release, both in order.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// `NUMBER{.NUMBER}[LETTER]{_SUFFIX[NUMBER]}[~HASH][-rNUMBER]`.
///
/// What does not go on like this is compared up to there, as apk does, and comes before what ends there.
/// apk 2 reads on where apk 3 stops: digits after a letter, as in `6.6.2p1`, and nothing between dots. Such versions are published, so they count here, too.
pub(super) struct Version<'a>(&'a str);

/// A part of a version, in the order in which versions have it that are equal up to there.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// The rank of a suffix of a prerelease.
    Before(usize),
    /// What apk does not understand; nothing after it counts.
    Unknown,
    /// Nothing, where a number should be.
    NoNumber,
    End,
    Revision(Number<'a>),
    Hash(&'a str),
    SuffixNumber(Number<'a>),
    After(usize),
    Letter(u8),
    /// Digits after a zero are those of a fraction: compared letter by letter, and less than other numbers.
    Fraction(&'a str),
    Number(Number<'a>),
}

#[derive(PartialEq, Eq)]
struct Number<'a>(&'a str);

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        number::compare(self.0, other.0)
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut start = text.bytes();
        let begins = match start.next()? {
            b'0'..=b'9' => true,
            b'.' => start.next().is_some_and(|byte| byte.is_ascii_digit()),
            // A letter alone; whole words are no versions.
            b'a'..=b'z' => start.next().is_none(),
            _ => false,
        };
        (begins && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(Self(text))
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (mut one, mut other) = (Parts::new(self.0), Parts::new(other.0));
        loop {
            let (part, theirs) = (one.next(), other.next());
            let order = part.cmp(&theirs);
            if order.is_ne() || matches!(part, Part::End | Part::Unknown) {
                return order;
            }
        }
    }
}

/// Where a reader of parts is: after which of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Start,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

struct Parts<'a> {
    rest: &'a str,
    place: Place,
}

impl<'a> Parts<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, place: Place::Start }
    }

    fn next(&mut self) -> Part<'a> {
        let place = self.place;
        let Some(first) = self.rest.bytes().next() else { return Part::End };
        match first {
            _ if place == Place::Start => {
                self.place = Place::Number;
                match number::take_digits(&mut self.rest) {
                    "" => Part::NoNumber,
                    digits => Part::Number(Number(digits)),
                }
            }
            b'.' | b'0'..=b'9' if place <= Place::Letter && (first != b'.' || place == Place::Number) => {
                self.place = Place::Number;
                self.rest = self.rest.strip_prefix('.').unwrap_or(self.rest);
                match number::take_digits(&mut self.rest) {
                    "" => Part::NoNumber,
                    digits if digits.starts_with('0') => Part::Fraction(digits),
                    digits => Part::Number(Number(digits)),
                }
            }
            b'0'..=b'9' if place == Place::Suffix => {
                self.place = Place::SuffixNumber;
                Part::SuffixNumber(Number(number::take_digits(&mut self.rest)))
            }
            b'a'..=b'z' if place == Place::Number => {
                self.place = Place::Letter;
                self.rest = &self.rest[1..];
                Part::Letter(first)
            }
            b'_' if place <= Place::SuffixNumber => {
                self.place = Place::Suffix;
                self.rest = &self.rest[1..];
                let suffix = number::take(&mut self.rest, |byte| byte.is_ascii_lowercase());
                let rank = |suffixes: &[&str]| suffixes.iter().position(|known| *known == suffix);
                let after = || rank(&AFTER).map_or(Part::Unknown, Part::After);
                rank(&BEFORE).map_or_else(after, Part::Before)
            }
            b'~' if place < Place::Hash => {
                self.place = Place::Hash;
                self.rest = &self.rest[1..];
                match number::take(&mut self.rest, |byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')) {
                    "" => Part::Unknown,
                    hash => Part::Hash(hash),
                }
            }
            b'-' if place < Place::Revision => {
                self.place = Place::Revision;
                let Some(rest) = self.rest.strip_prefix("-r") else { return Part::Unknown };
                self.rest = rest;
                match number::take_digits(&mut self.rest) {
                    "" if rest.starts_with(|next: char| next != '-') => Part::Unknown,
                    digits => Part::Revision(Number(digits)),
                }
            }
            _ => Part::Unknown,
        }
    }
}
