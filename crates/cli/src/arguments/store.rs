use clap::{Args, Subcommand};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Shows what is kept, what for, and what `store prune` would free. Removes nothing.
    #[command(after_help = "Example:\n  consign store df")]
    Df(StoreDf),
    /// Removes what nobody needs: what was not used lately, and what nothing names. Images that were given a name stay.
    #[command(
        after_help = "What is removed is made or downloaded again by whoever needs it. While another consign is at work, nothing is removed.\n\nExamples:\n  consign store prune\n  consign store prune --older-than 7d --dry-run"
    )]
    Prune(StorePrune),
    /// Looks at everything in the store: what blobs hold, and whether whatever names them has all that it needs. Exit status 1 if anything is wrong.
    #[command(
        after_help = "What is removed is made anew by whoever needs it.\n\nExamples:\n  consign store check\n  consign store check --repair"
    )]
    Check(StoreCheck),
}

#[derive(Args, Debug)]
pub(crate) struct Age {
    /// What was used within this time is kept: a number with `s`, `m`, `h`, `d` or `w`. That something is used is noted once a day.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    pub(crate) older_than: Duration,
    /// Whatever was not given a name, also if it was used just now.
    #[arg(long, conflicts_with = "older_than")]
    pub(crate) all: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StoreDf {
    #[command(flatten)]
    pub(crate) age: Age,
}

#[derive(Args, Debug)]
pub(crate) struct StorePrune {
    #[command(flatten)]
    pub(crate) age: Age,
    /// Only shows what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Waits for a moment when no other consign is at work. That keeps none from starting.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StoreCheck {
    /// Removes what is wrong and can be made anew.
    #[arg(long)]
    pub(crate) repair: bool,
}

/// Reads a time such as `12h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number with `s`, `m`, `h`, `d` or `w`, such as `30d`".to_owned();
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(expected()),
    };
    let number = &text[..text.len() - 1];
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| number.parse::<u64>().ok()).flatten();
    number.and_then(|number| number.checked_mul(seconds)).map(Duration::from_secs).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, seconds) in [("0s", 0), ("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "d", "30", "-1d", "+1d", "1.5h", "1y", "1 d", "99999999999999999w", "30ä"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
