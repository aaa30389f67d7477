use super::{Comparable, legacy_python, number};
use std::cmp::Ordering;

/// A version of a Python distribution.
pub(super) enum Version<'a> {
    /// From before PEP 440. Its tools refuse these today; those that did not had them before all others.
    Legacy(legacy_python::Version<'a>),
    Standard(Standard<'a>),
}

/// `[EPOCH!]NUMBERS[PRERELEASE][POST][DEV][+LOCAL]`, with all the spellings of PEP 440, appendix B.
pub(super) struct Standard<'a> {
    epoch: &'a str,
    numbers: &'a str,
    /// `a`, `b` or `c`, and a number.
    prerelease: Option<(u8, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Option<&'a str>,
}

const PRERELEASES: [(&str, u8); 8] = [
    ("alpha", b'a'),
    ("a", b'a'),
    ("beta", b'b'),
    ("b", b'b'),
    ("preview", b'c'),
    ("pre", b'c'),
    ("rc", b'c'),
    ("c", b'c'),
];
const POSTS: [(&str, u8); 3] = [("post", b'p'), ("rev", b'p'), ("r", b'p')];
const DEVS: [(&str, u8); 1] = [("dev", b'd')];

impl<'a> Standard<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (epoch, mut rest) = text.split_once('!').unwrap_or(("0", text));
        let numbers = number::take_dotted(&mut rest);
        let prerelease = take_word(&mut rest, &PRERELEASES);
        let post = take_bare_post(&mut rest).or_else(|| take_word(&mut rest, &POSTS).map(|(_, number)| number));
        let dev = take_word(&mut rest, &DEVS).map(|(_, number)| number);
        let local = rest.strip_prefix('+');
        let is_local = |text: &str| {
            text.split(SEPARATORS).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        let is_valid = number::is_number(epoch)
            && !numbers.is_empty()
            && if let Some(local) = local { is_local(local) } else { rest.is_empty() };
        is_valid.then_some(Self { epoch, numbers, prerelease, post, dev, local })
    }

    fn compare(&self, other: &Self) -> Ordering {
        number::compare(self.epoch, other.epoch)
            .then_with(|| number::compare_dotted(self.numbers, other.numbers))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| {
                let number = |version: &Self| version.prerelease.map(|(_, number)| number);
                number::compare_optional(number(self), number(other))
            })
            .then_with(|| number::compare_optional(self.post, other.post))
            .then_with(|| self.dev.is_none().cmp(&other.dev.is_none()))
            .then_with(|| number::compare_optional(self.dev, other.dev))
            .then_with(|| self.local.is_some().cmp(&other.local.is_some()))
            .then_with(|| compare_locals(self.local.unwrap_or_default(), other.local.unwrap_or_default()))
    }

    /// Returns the rank of the kind of prerelease: what is only under development comes first, what is no prerelease last.
    fn stage(&self) -> u8 {
        match self.prerelease {
            Some((letter, _)) => letter,
            None if self.post.is_none() && self.dev.is_some() => 0,
            None => u8::MAX,
        }
    }
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let legacy = || legacy_python::Version::parse(text).map(Self::Legacy);
        Standard::parse(text).map(Self::Standard).or_else(legacy)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Standard(one), Self::Standard(other)) => one.compare(other),
            (Self::Legacy(one), Self::Legacy(other)) => one.compare(other),
            (Self::Legacy(_), Self::Standard(_)) => Ordering::Less,
            (Self::Standard(_), Self::Legacy(_)) => Ordering::Greater,
        }
    }
}

const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// Takes one of some words, in any case, and the number after it, which is zero if missing. Separators may stand around the word.
fn take_word<'a>(rest: &mut &'a str, words: &[(&str, u8)]) -> Option<(u8, &'a str)> {
    let text = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    let is_start = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let (word, kind) = words.iter().find(|(word, _)| is_start(word))?;
    let text = &text[word.len()..];
    *rest = text.strip_prefix(SEPARATORS).unwrap_or(text);
    Some((*kind, number::take_digits(rest)))
}

/// Takes a post release that is only a hyphen and a number.
fn take_bare_post<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let mut text = rest.strip_prefix('-')?;
    let number = Some(number::take_digits(&mut text)).filter(|number| !number.is_empty())?;
    *rest = text;
    Some(number)
}

/// Compares local versions: words before numbers, and the longer one after the one that it begins with.
fn compare_locals(one: &str, other: &str) -> Ordering {
    number::compare_lists(one.split(SEPARATORS), other.split(SEPARATORS), Ordering::Greater, number::compare_folded)
}
