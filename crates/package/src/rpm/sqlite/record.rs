use crate::rpm::bytes::slice;

/// Most columns that are looked at; no table that is read has more.
const COLUMN_LIMIT: usize = 5;

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Nothing, or a number with a fraction.
    Other,
}

/// Reads the first values of a row; `None` if it is damaged.
pub(super) fn columns(row: &[u8]) -> Option<Vec<Value<'_>>> {
    let (length, mut at) = number(row, 0)?;
    let end = usize::try_from(length).ok().filter(|end| *end <= row.len())?;
    let mut body = end;
    let mut values = Vec::new();
    while at < end && values.len() < COLUMN_LIMIT {
        let (kind, next) = number(row.get(..end)?, at)?;
        at = next;
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = slice(row, body, size)?;
        body += size;
        values.push(match kind {
            1..=6 => Value::Integer(integer(bytes)),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            0 | 7 => Value::Other,
            _ if kind % 2 == 0 => Value::Bytes(bytes),
            _ => Value::Text(bytes),
        });
    }
    Some(values)
}

/// Reads a number of one to nine bytes, and returns where it ends: seven bits of each byte, and eight of the ninth.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for count in 0..9 {
        let byte = *bytes.get(at.checked_add(count)?)?;
        if count == 8 {
            return Some((value << 8 | u64::from(byte), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, at + count + 1));
        }
    }
    None
}

/// Reads a big-endian number with a sign.
fn integer(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |byte| if *byte < 0x80 { 0 } else { -1 });
    bytes.iter().fold(first, |value, byte| value << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers() {
        for (bytes, expected) in [
            (&[0x00][..], Some((0, 1))),
            (&[0x7f], Some((127, 1))),
            (&[0x81, 0x00], Some((128, 2))),
            (&[0xff; 9], Some((u64::MAX, 9))),
            (&[0x80; 8], None),
            (&[], None),
        ] {
            assert_eq!(number(bytes, 0), expected, "{bytes:?}");
        }
        assert_eq!([integer(&[0x80]), integer(&[0, 0x80]), integer(&[]), integer(&[0xff; 8])], [-128, 128, 0, -1]);
    }

    #[test]
    fn reads_rows() {
        let row = [&[6, 0, 17, 2, 9, 14][..], b"ab", &[1, 0], &[7]].concat();
        let expected = [Value::Other, Value::Text(b"ab"), Value::Integer(256), Value::Integer(1), Value::Bytes(&[7])];
        assert_eq!(columns(&row).as_deref(), Some(&expected[..]));
        for damaged in [&[9, 0][..], &[2, 17], &[2, 10], &[], &[3, 0x80, 0x80]] {
            assert_eq!(columns(damaged), None, "{damaged:?}");
        }
    }
}
