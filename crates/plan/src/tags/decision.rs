use consign_oci::Tag;
use serde::Serialize;

/// Which tags a release gets, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagDecision {
    /// What is released: a Semantic Version, the short commit, or the first listed tag.
    pub version: String,
    /// The tags: most specific first, `latest` last.
    pub tags: Vec<PlannedTag>,
    /// The tags that one might have expected.
    pub skipped: Vec<SkippedTag>,
}

/// A tag that will name the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedTag {
    /// The tag.
    pub tag: Tag,
    /// Why it does.
    pub reason: String,
}

/// A tag that will stay as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SkippedTag {
    /// The tag, or a text that cannot be one.
    pub tag: String,
    /// Why it stays.
    pub reason: String,
}

impl PlannedTag {
    pub(crate) fn new(tag: Tag, reason: impl Into<String>) -> Self {
        Self { tag, reason: reason.into() }
    }
}

impl TagDecision {
    pub(super) fn take(&mut self, tag: Tag, reason: impl Into<String>) {
        self.tags.push(PlannedTag::new(tag, reason));
    }

    pub(super) fn skip(&mut self, tag: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(SkippedTag { tag: tag.into(), reason: reason.into() });
    }
}
