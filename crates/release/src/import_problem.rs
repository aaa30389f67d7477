use crate::ReleaseError;
use consign_image::Place;
use consign_oci::{Digest, Platform};

/// What is wrong with a place that platforms are to be taken from.
#[derive(Debug, thiserror::Error)]
pub enum ImportProblem {
    /// Nothing has the name that was asked for.
    #[error("holds no image of that name")]
    NoImage,
    /// The index has nothing for any platform.
    #[error("is an index without platforms")]
    NoPlatforms,
    /// The index has other indexes, which are images of their own.
    #[error("is an index of indexes, each of which is an image: name one by its digest")]
    OnlyIndexes,
    /// An index of more than anybody looks at.
    #[error("is an index of {count} entries, and at most {limit} are looked at")]
    TooManyEntries {
        /// How many there are.
        count: usize,
        /// How many are looked at.
        limit: usize,
    },
    /// An image without a config that says what it runs on.
    #[error("has a config {digest} that is not one of an image: {source}")]
    Config {
        /// The config.
        digest: Digest,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// An index within an index.
    #[error("has an index where an image for {platform} should be")]
    Index {
        /// The platform.
        platform: Platform,
    },
    /// The index and the image's config do not agree.
    #[error("says {platform}, but the image's config says {found}")]
    OtherPlatform {
        /// The platform in the index.
        platform: Platform,
        /// The platform in the config.
        found: Platform,
    },
    /// More is said about a manifest than anybody reads.
    #[error("has {count} manifests about {subject}, and at most {limit} are read")]
    TooManyReferrers {
        /// The manifest.
        subject: Digest,
        /// How many there are.
        count: usize,
        /// How many are read.
        limit: usize,
    },
    /// Manifests and statements of more bytes than anybody reads.
    #[error("says more about the image than the {limit} bytes that are read")]
    TooMuchSaid {
        /// How many are read.
        limit: u64,
    },
    /// Two places bring different images for one platform.
    #[error("brings {platform}, and so does {first}: {digest} and {first_digest}")]
    Twice {
        /// The platform.
        platform: Platform,
        /// The image here.
        digest: Digest,
        /// The place that was named before.
        first: String,
        /// The image there.
        first_digest: Digest,
    },
    /// It was built for another release than this one.
    #[error("brings {platform} of another {what}: {found}, and {expected} is released")]
    OtherPlan {
        /// The platform.
        platform: Platform,
        /// What differs, such as `commit`.
        what: &'static str,
        /// What its provenance says.
        found: String,
        /// What is released.
        expected: String,
    },
}

/// What a problem says about the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTrouble {
    /// What was asked for is not there.
    Missing,
    /// It is malformed.
    Malformed,
    /// It does not belong with the others, or to this release.
    Conflict,
}

impl ImportProblem {
    pub(crate) fn of(self, place: &Place) -> ReleaseError {
        self.at(place.describe())
    }

    pub(crate) fn at(self, place: String) -> ReleaseError {
        ReleaseError::Import { place, problem: Box::new(self) }
    }

    /// Returns what the problem says about the place.
    pub fn trouble(&self) -> ImportTrouble {
        match self {
            Self::NoImage => ImportTrouble::Missing,
            Self::NoPlatforms
            | Self::OnlyIndexes
            | Self::TooManyEntries { .. }
            | Self::Config { .. }
            | Self::Index { .. }
            | Self::OtherPlatform { .. }
            | Self::TooManyReferrers { .. }
            | Self::TooMuchSaid { .. } => ImportTrouble::Malformed,
            Self::Twice { .. } | Self::OtherPlan { .. } => ImportTrouble::Conflict,
        }
    }
}
