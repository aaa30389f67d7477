use super::{Comparable, number};
use std::cmp::Ordering;

/// Words that PHP knows, by their beginnings, and their ranks: after words that it does not know, and before the end and numbers where less than `#`.
const WORDS: [(&str, u8); 8] =
    [("dev", 1), ("a", 2), ("b", 3), ("RC", 4), ("rc", 4), ("#", NUMBER), ("pl", PATCH), ("p", PATCH)];
const NUMBER: u8 = 5;
const PATCH: u8 = 6;

/// A version of a package of PHP's, with or without a `v`; or a branch, `dev-NAME`, which comes before all releases.
pub(super) struct Version<'a>(&'a str);

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let is_valid = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+~@/#".contains(&byte))
            && (text.starts_with(|first: char| first.is_ascii_digit()) || text.starts_with("dev-"));
        is_valid.then_some(Self(text))
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (mut one, mut other) = (self.0, other.0);
        loop {
            let order = match (next(&mut one), next(&mut other)) {
                (None, None) => return Ordering::Equal,
                (Some(one), Some(other)) if number::is_number(one) && number::is_number(other) => {
                    number::compare(one, other)
                }
                (Some(one), Some(other)) => rank(one).cmp(&rank(other)),
                (Some(one), None) if number::is_number(one) => Ordering::Greater,
                (None, Some(other)) if number::is_number(other) => Ordering::Less,
                (Some(one), None) => rank(one).cmp(&NUMBER),
                (None, Some(other)) => NUMBER.cmp(&rank(other)),
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

/// Takes the next number or word; all else stands between them.
fn next<'a>(rest: &mut &'a str) -> Option<&'a str> {
    number::take(rest, |byte| !is_word(byte) && !byte.is_ascii_digit());
    let word = match rest.bytes().next()? {
        b'0'..=b'9' => number::take_digits(rest),
        _ => number::take(rest, is_word),
    };
    Some(word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'#'
}

fn rank(word: &str) -> u8 {
    if number::is_number(word) {
        return NUMBER;
    }
    WORDS.iter().find(|(known, _)| word.starts_with(known)).map_or(0, |(_, rank)| *rank)
}
