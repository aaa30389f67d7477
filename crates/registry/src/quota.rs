use crate::transport::header;
use reqwest::header::{HeaderMap, HeaderName};
use std::fmt;
use std::time::Duration;

/// How much a registry lets one do (docs.docker.com, "Docker Hub pull usage and limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How often, within the window.
    pub limit: u64,
    /// How often now.
    pub remaining: u64,
    /// For how long what was done counts.
    pub window: Option<Duration>,
}

impl Quota {
    /// Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 0;w=21600`.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let read = |name| header(headers, &HeaderName::from_static(name)).and_then(parse);
        let (limit, window) = read("ratelimit-limit")?;
        let (remaining, _) = read("ratelimit-remaining")?;
        Some(Self { limit, remaining, window })
    }
}

/// Parses a number, and the seconds of a window.
fn parse(text: &str) -> Option<(u64, Option<Duration>)> {
    let mut parts = text.split(';').map(str::trim);
    let number = parts.next()?.parse().ok()?;
    let window = parts.find_map(|part| part.strip_prefix("w=")?.parse().ok()).filter(|seconds| *seconds > 0);
    Some((number, window.map(Duration::from_secs)))
}

impl fmt::Display for Quota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, remaining, window } = self;
        write!(formatter, "{remaining} of {limit} pulls remain")?;
        match window.map(|window| window.as_secs()) {
            None => Ok(()),
            Some(3600) => write!(formatter, ", within an hour"),
            Some(seconds) if seconds.is_multiple_of(3600) => write!(formatter, ", within {} hours", seconds / 3600),
            Some(seconds) => write!(formatter, ", within {seconds} seconds"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_hub_says() {
        for (limit, remaining, expected) in [
            ("100;w=21600", "76;w=21600", Some("76 of 100 pulls remain, within 6 hours")),
            ("100;w=3600", "0;w=3600", Some("0 of 100 pulls remain, within an hour")),
            ("100; w=90", "0", Some("0 of 100 pulls remain, within 90 seconds")),
            ("100", "0;w=x", Some("0 of 100 pulls remain")),
            ("", "0;w=21600", None),
            ("100;w=21600", "many", None),
        ] {
            let headers = [("ratelimit-limit", limit), ("ratelimit-remaining", remaining)];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            let quota = Quota::read(&HeaderMap::from_iter(headers));
            assert_eq!(quota.map(|quota| quota.to_string()).as_deref(), expected, "{limit} {remaining}");
        }
        assert_eq!(Quota::read(&HeaderMap::new()), None);
    }
}
