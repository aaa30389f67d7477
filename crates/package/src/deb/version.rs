use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Longest version, in bytes.
const LENGTH_LIMIT: usize = 512;

/// A package version, `[epoch:]upstream[-revision]` (Debian policy, section 5.6.12).
///
/// Ordered as dpkg does, so that versions written differently may be equal: `1.0` and `0:1.00-0` are.
#[derive(Clone)]
pub struct Version {
    text: String,
    epoch: u32,
    /// Where the upstream version starts in the text.
    upstream: usize,
    /// Where the hyphen before the revision stands, or the end.
    hyphen: usize,
}

/// A text that is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: {reason}")]
pub struct VersionError {
    /// What was read.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Version {
    /// Returns the version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the epoch, 0 where none is written.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Returns the upstream version.
    pub fn upstream(&self) -> &str {
        &self.text[self.upstream..self.hyphen]
    }

    /// Returns the revision, empty where none is written.
    pub fn revision(&self) -> &str {
        self.text[self.hyphen..].strip_prefix('-').unwrap_or_default()
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let error = |reason| VersionError { text: text.chars().take(100).collect(), reason };
        let Split { epoch, upstream, hyphen } = Split::of(text).map_err(error)?;
        Ok(Self { text: text.to_owned(), epoch, upstream, hyphen })
    }
}

/// Where the parts of a version are.
pub(crate) struct Split {
    pub(crate) epoch: u32,
    pub(crate) upstream: usize,
    pub(crate) hyphen: usize,
}

impl Split {
    /// Returns where the parts are, or what is wrong.
    pub(crate) fn of(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.len() > LENGTH_LIMIT {
            return Err("it is longer than 512 bytes");
        }
        let (epoch, upstream) = match text.split_once(':') {
            Some((epoch, _)) if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err("the epoch, before the colon, must be a number");
            }
            Some((epoch, _)) => (epoch.parse().map_err(|_| "the epoch is too large")?, epoch.len() + 1),
            None => (0, 0),
        };
        let hyphen = text[upstream..].rfind('-').map_or(text.len(), |position| upstream + position);
        if hyphen == upstream {
            return Err("nothing stands where the upstream version should");
        }
        if hyphen + 1 == text.len() {
            return Err("nothing stands after the last hyphen");
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'~' | b':')) {
            return Err("only letters, digits and . + - ~ : may stand in it");
        }
        Ok(Self { epoch, upstream, hyphen })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_parts(self.upstream(), other.upstream()))
            .then_with(|| compare_parts(self.revision(), other.revision()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Compares by turns what is no digit, letter by letter, and what is, as numbers.
pub(crate) fn compare_parts(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (left_words, right_words) =
            (take_while(&mut left, |b| !b.is_ascii_digit()), take_while(&mut right, |b| !b.is_ascii_digit()));
        for position in 0..left_words.len().max(right_words.len()) {
            let order = weight(left_words.get(position)).cmp(&weight(right_words.get(position)));
            if order.is_ne() {
                return order;
            }
        }
        let (left_number, right_number) = (number(&mut left), number(&mut right));
        // Of any length: without leading zeros, the longer number is the larger.
        let order = left_number.len().cmp(&right_number.len()).then_with(|| left_number.cmp(right_number));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// A tilde sorts before the end, the end before letters, letters before all else.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

fn number<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let mut digits = take_while(rest, |byte| byte.is_ascii_digit());
    take_while(&mut digits, |byte| byte == b'0');
    digits
}

fn take_while<'a>(rest: &mut &'a [u8], holds: impl Fn(u8) -> bool) -> &'a [u8] {
    let end = rest.iter().position(|byte| !holds(*byte)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn orders_as_dpkg_does() {
        let ascending = [
            "0~~",
            "0~~a",
            "0~",
            "0",
            "0a",
            "0+",
            "1.0~rc1-1",
            "1.0~rc1-1+b1",
            "1.0-0~1",
            "1.0",
            "1.0-0.1",
            "1.0-1~deb12u1",
            "1.0-1",
            "1.0-1+b1",
            "1.0a-1",
            "1.0+dfsg-1",
            "1.0.1-1",
            "1.9",
            "1.10",
            "1.99999999999999999999998",
            "1.99999999999999999999999",
            "1:0.1",
            "2:0",
        ];
        for (position, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(version(left).cmp(&version(right)), position.cmp(&other), "{left} {right}");
            }
        }
        for (left, right) in [("1.0", "0:1.0"), ("1.0", "1.0-0"), ("1.01", "1.1"), ("1.", "1.0"), ("1.0-00", "1.0")] {
            assert_eq!(version(left), version(right));
        }
    }

    #[test]
    fn takes_parts_and_keeps_the_text() {
        let version = version("1:2-3:4-5");
        assert_eq!((version.epoch(), version.upstream(), version.revision()), (1, "2-3:4", "5"));
        assert_eq!(version.to_string(), "1:2-3:4-5");
    }

    #[test]
    fn refuses_what_is_not_a_version() {
        for text in ["", ":1", "a:1", "1:", "-1", "1-", "1 2", "1_2", "99999999999:1", "1/2", "é"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(left in ".{0,30}", right in "[0-9a-c.:~+-]{0,12}") {
            if let (Ok(left), Ok(right)) = (left.parse::<Version>(), right.parse::<Version>()) {
                prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
            }
        }

        #[test]
        fn is_an_order(a in "[0-9a-c.~+]{1,8}", b in "[0-9a-c.~+]{1,8}", c in "[0-9a-c.~+]{1,8}") {
            let mut all = [version(&a), version(&b), version(&c)];
            all.sort();
            prop_assert!(all[0] <= all[1] && all[1] <= all[2] && all[0] <= all[2]);
        }
    }
}
