use std::time::Duration;

/// Reads a length of time: whole numbers, each with a unit `s`, `m`, `h` or `d`, such as `90s` or `1h30m`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units() {
        for (text, seconds) in [
            ("60s", Some(60)),
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("30d", Some(2_592_000)),
            ("0s", Some(0)),
            ("", None),
            ("60", None),
            ("s", None),
            ("1.5h", None),
            ("-1s", None),
            ("1é", None),
            ("99999999999999999999s", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
