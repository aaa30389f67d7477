use super::Comparable;
use crate::deb::{Split, compare_parts};
use std::cmp::Ordering;

/// A version of a Debian package: `deb::Version` without a copy of the text.
pub(super) struct Version<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Comparable<'a> for Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let Split { epoch, upstream, hyphen } = Split::of(text).ok()?;
        let (upstream, revision) = (&text[upstream..hyphen], text[hyphen..].strip_prefix('-').unwrap_or_default());
        Some(Self { epoch, upstream, revision })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_parts(self.upstream, other.upstream))
            .then_with(|| compare_parts(self.revision, other.revision))
    }
}
