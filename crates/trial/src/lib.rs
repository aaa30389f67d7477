//! Runs an image and judges it.
//!
//! A [`Trial`] runs commands in an image's unpacked root file system, one after the other, in a sandbox without network or rights, as the image's
//! config says: its environment, its user, its working directory. The entrypoint is not used: each [`Test`] gives its command whole.
//! What comes of it is a report for people and a receipt for the gate, which names no times, so that equal results are equal bytes.

mod accounts;
mod error;
mod report;
mod test;
mod trial;

pub use accounts::{Account, AccountError, account};
pub use error::TrialError;
pub use report::{TestFailure, TestReport, TrialReport};
pub use test::Test;
pub use trial::{Trial, run};
