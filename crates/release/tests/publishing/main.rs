//! What publishing promises: two phases that hold for all images together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod image;
mod send;
mod tags;
