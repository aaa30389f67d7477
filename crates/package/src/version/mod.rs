//! The order of versions, as each ecosystem has it.

use crate::deb;
use std::cmp::Ordering;

/// A text that is no version in the order that it was compared in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is no version of {order}")]
pub struct VersionError {
    /// The text; cut short where it is very long.
    pub version: String,
    /// The name of the order.
    pub order: &'static str,
}

/// An order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionOrder {
    /// dpkg's (deb-version(7)).
    Dpkg,
}

impl VersionOrder {
    /// Compares two versions.
    pub fn compare(self, one: &str, other: &str) -> Result<Ordering, VersionError> {
        match self {
            Self::Dpkg => {
                let parsed = |text: &str| {
                    let failed = |_| VersionError { version: text.chars().take(100).collect(), order: "dpkg" };
                    text.parse::<deb::Version>().map_err(failed)
                };
                Ok(parsed(one)?.cmp(&parsed(other)?))
            }
        }
    }
}
