use super::{Comparable, number};
use std::cmp::Ordering;

/// A version of a gem: numbers and words, in the form that `Gem::Version` compares.
pub(super) struct Version<'a>(Vec<&'a str>);

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let is_valid = text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
            && !text.ends_with(['.', '-'])
            && !["..", ".-", "-."].iter().any(|wrong| text.contains(wrong));
        if !is_valid {
            return None;
        }
        let (mut segments, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.bytes().next() {
            match first {
                b'0'..=b'9' => segments.push(number::take_digits(&mut rest)),
                b'a'..=b'z' | b'A'..=b'Z' => segments.push(number::take(&mut rest, |byte| byte.is_ascii_alphabetic())),
                _ => {
                    // A hyphen starts a prerelease.
                    segments.extend((first == b'-').then_some("pre"));
                    rest = &rest[1..];
                }
            }
        }
        let words = segments.iter().position(|segment| !number::is_number(segment)).unwrap_or(segments.len());
        let mut words = segments.split_off(words);
        for part in [&mut segments, &mut words] {
            while part.last().is_some_and(|segment| is_zero(segment)) {
                part.pop();
            }
        }
        segments.append(&mut words);
        Some(Self(segments))
    }

    fn compare(&self, other: &Self) -> Ordering {
        for position in 0..self.0.len().max(other.0.len()) {
            // What is missing is zero: thus `1` is newer than `1.a` and older than `1.1`.
            let at = |segments: &[&'a str]| segments.get(position).copied().unwrap_or("0");
            let (one, other) = (at(&self.0), at(&other.0));
            let order = match (number::is_number(one), number::is_number(other)) {
                (true, true) => number::compare(one, other),
                (false, false) => one.cmp(other),
                (one, other) => one.cmp(&other),
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }
}

fn is_zero(segment: &str) -> bool {
    segment.bytes().all(|byte| byte == b'0')
}
