//! How long to wait before something is tried again.

use crate::transport::header;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The wait before the second try; each further wait is three times as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Longest wait that a registry may ask for.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Waits after the `attempt`th try (from 1), if the registry `asked` for a time as long as that, and otherwise as long as is usual, or less: many
/// who were turned away at one time shall not come back at one time.
pub(crate) async fn wait(attempt: u32, asked: Option<Duration>) {
    let chance = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    tokio::time::sleep(pause(attempt, asked, chance)).await;
}

/// Returns how long to wait, by a `chance` from 0 to 1.
fn pause(attempt: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let usual = FIRST_WAIT * 3_u32.saturating_pow(attempt.saturating_sub(1).min(10));
    asked.unwrap_or(usual.min(LONGEST_WAIT).mul_f64(0.5 + chance / 2.0)).min(LONGEST_WAIT)
}

/// Returns for how long a registry asks to be left alone: a number of seconds, or a time (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    asked(header(headers, &RETRY_AFTER)?.trim(), Timestamp::now())
}

fn asked(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_never_too_long() {
        let seconds = Duration::from_secs;
        for (attempt, asked, expected) in [
            (1, None, Duration::from_millis(200)),
            (2, None, Duration::from_millis(600)),
            (3, None, Duration::from_millis(1800)),
            (1000, None, LONGEST_WAIT),
            (1, Some(seconds(0)), seconds(0)),
            (3, Some(seconds(5)), seconds(5)),
            (1, Some(seconds(u64::MAX)), LONGEST_WAIT),
        ] {
            assert_eq!(pause(attempt, asked, 1.0), expected, "{attempt} {asked:?}");
            let least = if asked.is_some() { expected } else { expected / 2 };
            assert_eq!(pause(attempt, asked, 0.0), least, "{attempt} {asked:?}");
        }
    }

    #[test]
    fn reads_what_a_registry_asks_for() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("Sun, 22 Nov 2026 12:00:30 GMT", Some(30)),
            ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(asked(text, now), expected.map(Duration::from_secs), "{text}");
        }
    }
}
