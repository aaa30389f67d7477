use consign_package::version::{VersionError, VersionOrder};
use std::cmp::Ordering;

/// How versions of a package are compared with those that records state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    order: VersionOrder,
    /// Whether nobody knows the epoch of the version that is installed, so that epochs say nothing.
    is_without_epochs: bool,
}

impl From<VersionOrder> for Comparison {
    fn from(order: VersionOrder) -> Self {
        Self { order, is_without_epochs: false }
    }
}

impl Comparison {
    pub(crate) fn without_epochs(self) -> Self {
        Self { is_without_epochs: true, ..self }
    }

    /// Compares two versions that records state.
    pub(crate) fn stated(self, one: &str, other: &str) -> Result<Ordering, VersionError> {
        match self.is_without_epochs {
            true => self.order.compare(without_epoch(one), without_epoch(other)),
            false => self.order.compare(one, other),
        }
    }

    /// Compares a version that a record states with one that is installed. A local label of Python's, such as `+cpu`, is looked at only where
    /// the record has one, too (PEP 440, "Version specifiers").
    pub(crate) fn with_installed(self, stated: &str, installed: &str) -> Result<Ordering, VersionError> {
        match installed.split_once('+') {
            Some((public, _)) if self.order == VersionOrder::Python && !stated.contains('+') => {
                self.stated(stated, public)
            }
            _ => self.stated(stated, installed),
        }
    }

    pub(crate) fn is_version(self, text: &str) -> bool {
        self.stated(text, text).is_ok()
    }
}

/// Returns a version of rpm's without its epoch.
fn without_epoch(version: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    version.split_once(':').filter(|(epoch, _)| is_number(epoch)).map_or(version, |(_, rest)| rest)
}
