use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a command may use up. Where the caller is bounded itself, that is the most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time after which it is killed, with everything that it started.
    pub time: Duration,
    /// Processes and threads at a time. For root, fewer than 301 count as 301.
    pub processes: u32,
    /// Bytes of memory of all its processes together; beyond them, it is killed.
    pub memory: Option<u64>,
    /// Bytes on disk of what it changes in stacked layers; beyond them, it is killed.
    pub disk: Option<u64>,
    /// Bytes that stay free on the disk that it changes stacked layers on, or half of what is free at its start, if that is less; when there are fewer, it is killed.
    pub free: Option<u64>,
    /// Bytes of output that are handed on while it runs: the first ones.
    pub output: u64,
    /// Bytes of output that are kept: the last ones.
    pub kept_output: usize,
}

impl Default for Limits {
    /// Allows a minute, 4096 processes, memory and disk without bounds, and 16 MiB of output, of which the last 64 KiB are kept.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(60),
            processes: 4096,
            memory: None,
            disk: None,
            free: None,
            output: 16 << 20,
            kept_output: 64 << 10,
        }
    }
}
