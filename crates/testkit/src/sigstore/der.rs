//! As much of DER (X.690) as certificates and timestamps need.

/// An element that was read.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// All its bytes.
    pub(super) whole: &'a [u8],
    pub(super) content: &'a [u8],
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const UTF8: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
const BOOLEAN: u8 = 0x01;
const OBJECT: u8 = 0x06;
const SET: u8 = 0x31;
/// Added to a tag of its place in a structure: primitive, and constructed.
pub(super) const PLACE: u8 = 0x80;
pub(super) const PLACED: u8 = 0xa0;

/// Writes an element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    if let (Ok(short), true) = (u8::try_from(length), length < 0x80) {
        bytes.push(short);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
        bytes.extend(digits);
    }
    bytes.extend(content);
    bytes
}

/// Writes a sequence of elements.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// Writes a set of elements, which are in the order of their bytes (X.690, section 11.6).
pub(super) fn set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(SET, &parts.concat())
}

/// Writes a positive number, given its bytes with the highest first.
pub(super) fn number(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    element(INTEGER, &[sign, &digits].concat())
}

/// Writes a string of whole bytes as a string of bits.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

pub(super) fn truth() -> Vec<u8> {
    element(BOOLEAN, &[0xff])
}

/// Writes an object identifier, given as `1.2.840`.
pub(super) fn object(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').filter_map(|arc| arc.parse().ok()).collect();
    let (first, rest) = match &arcs[..] {
        [first, second, rest @ ..] => (first * 40 + second, rest),
        _ => (0, &[][..]),
    };
    let mut content = Vec::new();
    for arc in [&[first], rest].concat() {
        let mut groups = vec![low_seven(arc)];
        let mut left = arc >> 7;
        while left > 0 {
            groups.push(low_seven(left) | 0x80);
            left >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    element(OBJECT, &content)
}

fn low_seven(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

/// Reads elements that follow each other. `None` if they do not fill the bytes.
pub(super) fn read(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while let [tag, length, rest @ ..] = bytes {
        let (length, content) = match *length {
            short @ ..0x80 => (usize::from(short), rest),
            long => {
                let (digits, content) = rest.split_at_checked(usize::from(long & 0x7f))?;
                let length = digits
                    .iter()
                    .try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)))?;
                (length, content)
            }
        };
        let (content, after) = content.split_at_checked(length)?;
        let (whole, _) = bytes.split_at_checked(bytes.len() - after.len())?;
        elements.push(Element { tag: *tag, whole, content });
        bytes = after;
    }
    bytes.is_empty().then_some(elements)
}

/// Reads what is in the only element.
pub(super) fn inside(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    match &read(bytes)?[..] {
        [only] => read(only.content),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn has_the_bytes_of_the_standard() {
        assert_eq!(object("1.2.840.113549.1.9.4"), b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04");
        assert_eq!(number(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(number(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(number(&[0]), [2, 1, 0]);
        assert_eq!(element(OCTETS, &[7; 200])[..3], [4, 0x81, 200]);
        let long = sequence(&[&element(OCTETS, &[7; 300]), &truth()]);
        let read = inside(&long).unwrap();
        assert_eq!((read[0].content.len(), read[1].tag), (300, BOOLEAN));
        assert!(super::read(&[4, 2, 0]).is_none());
    }
}
