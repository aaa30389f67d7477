use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// The end of what it wrote to standard output and standard error, in the order written.
    pub output: Vec<u8>,
    /// Whether earlier output was dropped.
    pub truncated: bool,
    /// Whether later output was not handed on while it ran.
    pub clipped: bool,
}

impl Outcome {
    /// Returns the output as text. What is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.output)
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
    /// It was killed because its time was up.
    TimedOut,
    /// It was killed because it used more memory than allowed.
    OutOfMemory,
    /// It was killed because it wrote more to disk than allowed.
    OutOfDisk,
}
