use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// How long services are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long one answer may take, all of it. Logs need some seconds to put an entry in their tree.
    pub timeout: Duration,
    /// How often a request is made, the first time included.
    pub tries: u32,
    /// The wait before the second try, unless the service says how long. Each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait that a service may ask for.
    pub longest_wait: Duration,
    /// How long a person may take to log in.
    pub login: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            login: Duration::from_secs(300),
        }
    }
}

/// Returns how long the service asks to wait (RFC 9110, section 10.2.3).
pub(super) fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    wait(headers.get(RETRY_AFTER)?.to_str().ok()?, Timestamp::now())
}

fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn waits_as_long_as_it_is_asked_to() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("Sun, 22 Nov 2026 12:00:30 GMT", Some(30)),
            ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(wait(text, now), expected.map(Duration::from_secs), "{text}");
        }
    }
}
