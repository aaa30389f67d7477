use std::time::Duration;

/// Reads a length of time as `consign.yaml` has it: whole numbers, each with a unit `s`, `m` or `h`, such as `90s` or `1h30m`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds: u64 = 0;
    while let Some(at) = rest.find(|c: char| !c.is_ascii_digit()) {
        let number: u64 = rest[..at].parse().ok()?;
        let unit = match rest.as_bytes()[at] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[at + 1..];
    }
    (!text.is_empty() && rest.is_empty()).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units() {
        for (text, seconds) in [
            ("60s", Some(60)),
            ("1h30m", Some(5400)),
            ("", None),
            ("60", None),
            ("1m60", None),
            ("s", None),
            ("-1s", None),
            ("1é", None),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
