use std::cmp::Ordering;

/// Compares digits as numbers of any length: without leading zeros, the longer number is the larger.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Compares numbers with dots between them; missing ones are zeros.
pub(super) fn compare_dotted(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => match compare(one.unwrap_or_default(), other.unwrap_or_default()) {
                Ordering::Equal => {}
                order => return order,
            },
        }
    }
}

/// Compares what may be missing on either side.
pub(super) fn compare_optional(one: Option<&str>, other: Option<&str>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => compare(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// Compares lists of numbers and words. The longer one comes after the one that it begins with. `number`: how a number compares to a word.
pub(super) fn compare_lists<'a>(
    mut one: impl Iterator<Item = &'a str>,
    mut other: impl Iterator<Item = &'a str>,
    number: Ordering,
    words: impl Fn(&str, &str) -> Ordering,
) -> Ordering {
    loop {
        let (one, other) = match (one.next(), other.next()) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.is_some().cmp(&other.is_some()),
        };
        let order = match (is_number(one), is_number(other)) {
            (true, true) => compare(one, other),
            (false, false) => words(one, other),
            (true, false) => number,
            (false, true) => number.reverse(),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Returns whether a text consists of digits; an empty one does not.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Takes ASCII characters from the front of a text for as long as they pass.
pub(super) fn take<'a>(rest: &mut &'a str, passes: impl Fn(u8) -> bool) -> &'a str {
    let end = rest.bytes().position(|byte| !byte.is_ascii() || !passes(byte)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

/// Takes digits from the front of a text.
pub(super) fn take_digits<'a>(rest: &mut &'a str) -> &'a str {
    take(rest, |byte| byte.is_ascii_digit())
}

/// Takes numbers with single dots between them from the front of a text.
pub(super) fn take_dotted<'a>(rest: &mut &'a str) -> &'a str {
    let whole = *rest;
    take_digits(rest);
    while let Some(mut after) = rest.strip_prefix('.').filter(|_| rest.len() < whole.len()) {
        if take_digits(&mut after).is_empty() {
            break;
        }
        *rest = after;
    }
    &whole[..whole.len() - rest.len()]
}

/// Compares words without regard to the case of ASCII letters.
pub(super) fn compare_folded(one: &str, other: &str) -> Ordering {
    one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}
