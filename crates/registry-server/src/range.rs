use std::ops::RangeInclusive;

/// What a `Range` header asks of a body (RFC 9110, 14.2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything: no range, several ranges or another unit.
    All,
    /// These bytes.
    Part(RangeInclusive<u64>),
    /// Nothing that there is.
    Unsatisfiable,
}

/// Reads a `Range` header for a body of `length` bytes.
pub(crate) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some(range) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::All };
    if range.contains(',') {
        return Wanted::All;
    }
    let Some((first, last)) = range.split_once('-') else { return Wanted::Unsatisfiable };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => match number(suffix) {
            Some(suffix) if suffix > 0 => (length.saturating_sub(suffix), length.saturating_sub(1)),
            _ => return Wanted::Unsatisfiable,
        },
        (first, "") => match number(first) {
            Some(first) => (first, length.saturating_sub(1)),
            None => return Wanted::Unsatisfiable,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) => (first, last.min(length.saturating_sub(1))),
            _ => return Wanted::Unsatisfiable,
        },
    };
    if first > last || first >= length { Wanted::Unsatisfiable } else { Wanted::Part(first..=last) }
}

/// Reads the `Content-Range` of an upload's piece: `FIRST-LAST` (distribution-spec, "Pushing a blob in chunks").
pub(crate) fn piece(header: &str) -> Option<RangeInclusive<u64>> {
    let header = header.trim();
    let header = header.strip_prefix("bytes").map_or(header, |rest| rest.trim_start_matches(['=', ' ']));
    let (first, last) = header.split('/').next()?.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges() {
        for (header, length, expected) in [
            (None, 10, Wanted::All),
            (Some("bytes=0-0"), 10, Wanted::Part(0..=0)),
            (Some("bytes=2-"), 10, Wanted::Part(2..=9)),
            (Some("bytes=-3"), 10, Wanted::Part(7..=9)),
            (Some("bytes=-30"), 10, Wanted::Part(0..=9)),
            (Some("bytes=5-500"), 10, Wanted::Part(5..=9)),
            (Some("bytes=500-0"), 10, Wanted::Unsatisfiable),
            (Some("bytes=10-11"), 10, Wanted::Unsatisfiable),
            (Some("bytes=0-"), 0, Wanted::Unsatisfiable),
            (Some("bytes=-1"), 0, Wanted::Unsatisfiable),
            (Some("bytes=-0"), 10, Wanted::Unsatisfiable),
            (Some("bytes=x"), 10, Wanted::Unsatisfiable),
            (Some("bytes=99999999999999999999-"), 10, Wanted::Unsatisfiable),
            (Some("bytes=0-1,3-4"), 10, Wanted::All),
            (Some("lines=0-1"), 10, Wanted::All),
        ] {
            assert_eq!(wanted(header, length), expected, "{header:?} of {length}");
        }
    }

    #[test]
    fn reads_pieces() {
        for (header, expected) in [
            ("0-4", Some(0..=4)),
            ("bytes 5-9/*", Some(5..=9)),
            ("bytes=5-9", Some(5..=9)),
            ("9-5", None),
            ("", None),
            ("-5", None),
        ] {
            assert_eq!(piece(header), expected, "{header}");
        }
    }
}
