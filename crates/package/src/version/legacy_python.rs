use super::number;
use std::cmp::Ordering;

/// What a version ends with, as a part; words before it make a prerelease.
const END: &str = "final";
/// What stands for a hyphen.
const HYPHEN: &str = "final-";

/// A version in the parts that setuptools compared (`pkg_resources.parse_version` before PEP 440).
pub(super) struct Version<'a>(Vec<&'a str>);

impl<'a> Version<'a> {
    /// Reads nearly any text that has more than one word: `unknown` and `master` are no versions.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let is_version = text.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && text.contains(|character: char| character.is_ascii_digit() || matches!(character, '.' | '-'))
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+:!~*@#".contains(&byte));
        if !is_version {
            return None;
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let part = match take_part(&mut rest) {
                "." => continue,
                part => known(part),
            };
            push(&mut parts, part);
        }
        push(&mut parts, END);
        Some(Self(parts))
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().copied().map(Key).cmp(other.0.iter().copied().map(Key))
    }
}

fn push<'a>(parts: &mut Vec<&'a str>, part: &'a str) {
    if !number::is_number(part) {
        if Key(part) < Key(END) {
            while parts.last() == Some(&HYPHEN) {
                parts.pop();
            }
        }
        while parts.last().is_some_and(|last| Key(last) == Key("0")) {
            parts.pop();
        }
    }
    parts.push(part);
}

/// Takes a number, a word, a dot, a hyphen, or what is none of these.
fn take_part<'a>(rest: &mut &'a str) -> &'a str {
    let is_other = |character: char| !character.is_ascii_alphanumeric() && !matches!(character, '.' | '-');
    let end = match rest.bytes().next() {
        Some(b'0'..=b'9') => rest.find(|character: char| !character.is_ascii_digit()),
        Some(b'a'..=b'z' | b'A'..=b'Z') => rest.find(|character: char| !character.is_ascii_alphabetic()),
        Some(b'.' | b'-') => Some(1),
        _ => rest.find(|character| !is_other(character)),
    };
    let (part, left) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = left;
    part
}

/// Returns what a word counts as.
fn known(part: &str) -> &str {
    let is = |word: &str| part.eq_ignore_ascii_case(word);
    match part {
        "-" => HYPHEN,
        _ if ["pre", "preview", "rc"].iter().any(|word| is(word)) => "c",
        _ if is("dev") => "@",
        _ => part,
    }
}

/// A part as it is compared: numbers as eight digits at least, after words, without regard to case.
struct Key<'a>(&'a str);

impl Key<'_> {
    fn letters(&self) -> impl Iterator<Item = u8> {
        let is_number = number::is_number(self.0);
        let missing = if is_number { 8_usize.saturating_sub(self.0.len()) } else { 0 };
        let word = (!is_number).then_some(b'*');
        let letters = self.0.bytes().map(|byte| byte.to_ascii_lowercase());
        word.into_iter().chain(std::iter::repeat_n(b'0', missing)).chain(letters)
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}
