use super::{Comparable, number};
use std::cmp::Ordering;

/// `[epoch:]version[-release]`. An epoch that is not written is zero.
pub(super) struct Version<'a> {
    epoch: &'a str,
    version: &'a str,
    /// If only one of two has a release, that one is newer.
    release: Option<&'a str>,
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text;
        // What stands before a colon and is no number is no epoch.
        let epoch = number::take_digits(&mut rest);
        let (epoch, rest) = rest.strip_prefix(':').map_or(("", text), |rest| (epoch, rest));
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        // Not `(none)`, which rpm writes where there is none.
        let is_part = |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric() || "._-+~^:".contains(letter);
        let is_valid = !version.is_empty() && text.chars().all(|letter| is_part(letter) && !letter.is_whitespace());
        is_valid.then_some(Self { epoch, version, release })
    }

    fn compare(&self, other: &Self) -> Ordering {
        number::compare(self.epoch, other.epoch).then_with(|| compare_parts(self.version, other.version)).then_with(
            || match (self.release, other.release) {
                (Some(one), Some(other)) => compare_parts(one, other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            },
        )
    }
}

/// What comes next in a version, in the order in which versions have it that are equal up to there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Tilde,
    End,
    Caret,
    Word,
    Number,
}

fn compare_parts(mut one: &str, mut other: &str) -> Ordering {
    loop {
        let (next, theirs) = (next(&mut one), next(&mut other));
        if next != theirs {
            return next.cmp(&theirs);
        }
        let order = match next {
            Next::End => return Ordering::Equal,
            Next::Tilde | Next::Caret => {
                (one, other) = (&one[1..], &other[1..]);
                continue;
            }
            Next::Word => {
                let is_letter = |byte: u8| byte.is_ascii_alphabetic();
                number::take(&mut one, is_letter).cmp(number::take(&mut other, is_letter))
            }
            Next::Number => number::compare(number::take_digits(&mut one), number::take_digits(&mut other)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Returns what comes next, after separators: they part words and numbers, and mean nothing else.
fn next(rest: &mut &str) -> Next {
    *rest = rest
        .trim_start_matches(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '~' | '^'));
    match rest.bytes().next() {
        None => Next::End,
        Some(b'~') => Next::Tilde,
        Some(b'^') => Next::Caret,
        Some(byte) if byte.is_ascii_digit() => Next::Number,
        Some(_) => Next::Word,
    }
}
