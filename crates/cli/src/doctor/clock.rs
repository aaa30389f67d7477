//! This machine's clock beside those of others.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Difference of two clocks that does no harm, in seconds.
const TOLERANCE: i64 = 300;

/// Returns how far this machine's clock is from a registry's, in words, if that matters.
pub(super) fn skew(date: &str, now: Timestamp) -> Option<String> {
    let seconds = now.as_second() - rfc2822::parse(date).ok()?.timestamp().as_second();
    let direction = if seconds > 0 { "ahead" } else { "behind" };
    (seconds.abs() > TOLERANCE).then(|| format!("{} minutes {direction}", seconds.abs() / 60))
}

/// Returns until when a release file of packages is valid, if it says so.
pub(super) fn valid_until(release: &[u8]) -> Option<Timestamp> {
    let lines = release.split(|byte| *byte == b'\n');
    let line =
        lines.filter_map(|line| std::str::from_utf8(line).ok()).find_map(|line| line.strip_prefix("Valid-Until:"))?;
    // Debian writes UTC, which RFC 2822 does not know.
    let date = line.trim().replace("UTC", "GMT");
    Some(rfc2822::parse(&date).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_do_no_harm() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (date, expected) in [
            ("Sat, 21 Nov 2026 10:00:00 GMT", None),
            ("Sat, 21 Nov 2026 10:05:00 GMT", None),
            ("Sat, 21 Nov 2026 10:07:30 GMT", Some("7 minutes behind")),
            ("Fri, 20 Nov 2026 10:00:00 GMT", Some("1440 minutes ahead")),
            ("yesterday", None),
        ] {
            assert_eq!(skew(date, now).as_deref(), expected, "{date}");
        }
    }

    #[test]
    fn finds_the_end_of_a_release_file() {
        let text = b"-----BEGIN\n\xff\nSuite: stable\nValid-Until: Sat, 28 Nov 2026 08:11:04 UTC\n";
        assert_eq!(valid_until(text), Some("2026-11-28T08:11:04Z".parse().unwrap()));
        assert_eq!(valid_until(b"Suite: stable\n"), None);
    }
}
