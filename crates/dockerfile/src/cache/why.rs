use std::fmt;
use std::time::Duration;

/// Why a step was done, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An earlier build here did the same.
    Cached,
    /// Somebody else did the same, and left it in a cache.
    Imported {
        /// The cache.
        cache: String,
    },
    /// It was done once, for several platforms of this build.
    Shared,
    /// It was asked for.
    Asked,
    /// What an earlier build made with the network is too old.
    Old {
        /// The greatest age.
        limit: Duration,
    },
    /// No earlier build had this step.
    New,
    /// What it follows from has changed since the last build.
    Changed {
        /// What, in words.
        parts: Vec<String>,
    },
    /// Nothing has changed, but what was made is no longer kept.
    Gone,
}

impl Why {
    /// Returns whether the result of an earlier build was taken.
    pub fn is_cached(&self) -> bool {
        matches!(self, Self::Cached | Self::Imported { .. })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cached => formatter.write_str("cached"),
            Self::Imported { cache } => write!(formatter, "cached from {cache}"),
            Self::Shared => formatter.write_str("done once for several platforms"),
            Self::Asked => formatter.write_str("asked for: --no-cache"),
            Self::Old { limit } => write!(formatter, "older than {}", words(*limit)),
            Self::New => formatter.write_str("not known: no earlier build here had this step"),
            Self::Changed { parts } => write!(formatter, "changed: {}", parts.join(", ")),
            Self::Gone => formatter.write_str("nothing changed, but the result is no longer kept"),
        }
    }
}

/// Returns a length of time as people write it.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_ages_as_they_are_written() {
        for (seconds, expected) in [(0, "0s"), (90, "90s"), (120, "2m"), (86_400, "24h"), (5400, "90m")] {
            let why = Why::Old { limit: Duration::from_secs(seconds) };
            assert_eq!(why.to_string(), format!("older than {expected}"));
        }
    }
}
