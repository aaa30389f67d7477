use super::{Comparable, number};
use std::cmp::Ordering;

/// Words that Maven knows, in order; all others come after them.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
/// The rank of a release, which has no word.
const RELEASE: usize = 5;

/// A version as `ComparableVersion` reads it: lists within lists. A list within another is always its last item, so all of them are one row here.
///
/// Maven 3.8.7 and later read words with digits in another way. This is what Maven did before, and what advisories are written to.
pub(super) struct Version<'a>(Vec<Item<'a>>);

/// An item of a version.
#[derive(Clone, Copy)]
enum Item<'a> {
    Number(&'a str),
    /// A word, and its rank.
    Word(usize, &'a str),
    /// A list begins, and lasts to the end of the version.
    List,
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        // What neither names of files nor ranges may have, nor properties that nobody has filled in.
        let is_refused = |byte: u8| byte == b' ' || b"\\/:\"<>|?*[](),${}".contains(&byte);
        let is_valid = text.bytes().any(|byte| byte.is_ascii_alphanumeric()) && !text.bytes().any(is_refused);
        is_valid.then(|| Self(normalized(read(text))))
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (one, other) = (&self.0, &other.0);
        for position in 0..one.len().max(other.len()) {
            let order = match (one.get(position), other.get(position)) {
                (Some(one), Some(other)) => one.compare(*other),
                (Some(_), None) => return compare_with_nothing(&one[position..]),
                (None, _) => return compare_with_nothing(&other[position..]).reverse(),
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl<'a> Item<'a> {
    fn word(text: &'a str, before_digits: bool) -> Self {
        let is = |known: &str| text.eq_ignore_ascii_case(known);
        let rank = match text {
            "a" | "A" if before_digits => 0,
            "b" | "B" if before_digits => 1,
            "m" | "M" if before_digits => 2,
            _ if is("cr") => 3,
            _ if is("ga") || is("final") || is("release") => RELEASE,
            _ => WORDS.iter().position(|known| is(known)).unwrap_or(WORDS.len()),
        };
        Self::Word(rank, text)
    }

    /// Returns whether it means nothing where a list ends.
    fn is_null(self) -> bool {
        match self {
            Self::Number(digits) => digits.bytes().all(|byte| byte == b'0'),
            Self::Word(rank, _) => rank == RELEASE,
            Self::List => false,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        let kind = |item: &Self| match item {
            Self::Word(..) => 0,
            Self::List => 1,
            Self::Number(_) => 2,
        };
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => number::compare(one, other),
            (Self::Word(rank, one), Self::Word(other_rank, other)) => rank
                .cmp(&other_rank)
                .then_with(|| if rank == WORDS.len() { number::compare_folded(one, other) } else { Ordering::Equal }),
            (one, other) => kind(&one).cmp(&kind(&other)),
        }
    }
}

fn read(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let (mut start, mut in_digits) = (0, false);
    for (position, byte) in text.bytes().enumerate() {
        let is_digit = byte.is_ascii_digit();
        if matches!(byte, b'.' | b'-') {
            items.push(item(&text[start..position], in_digits, false));
            items.extend((byte == b'-').then_some(Item::List));
            start = position + 1;
            continue;
        }
        if is_digit != in_digits && position > start {
            // Where letters meet digits, there might be a hyphen.
            items.push(item(&text[start..position], in_digits, is_digit));
            items.push(Item::List);
            start = position;
        }
        in_digits = is_digit;
    }
    if start < text.len() {
        items.push(item(&text[start..], in_digits, false));
    }
    items
}

fn item(text: &str, in_digits: bool, before_digits: bool) -> Item<'_> {
    if in_digits || text.is_empty() { Item::Number(text) } else { Item::word(text, before_digits) }
}

/// Leaves out what means nothing at the end of each list, and lists that are empty then.
fn normalized(mut items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    let mut kept: Vec<Item<'_>> = Vec::with_capacity(items.len());
    // Backwards, so that what is kept follows the next item.
    while let Some(item) = items.pop() {
        let is_at_end = matches!(kept.last(), None | Some(Item::List));
        // A list of nothing but a list is that list.
        let means_nothing = item.is_null() || matches!(item, Item::List);
        if !(is_at_end && means_nothing) {
            kept.push(item);
        }
    }
    kept.reverse();
    kept
}

/// Compares the rest of a version with that of another, which has ended.
fn compare_with_nothing(rest: &[Item]) -> Ordering {
    let order = |item: &Item| match item {
        Item::Number(digits) => number::compare(digits, ""),
        Item::Word(rank, _) => rank.cmp(&RELEASE),
        Item::List => Ordering::Equal,
    };
    rest.iter().map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
