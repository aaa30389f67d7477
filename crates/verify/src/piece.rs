use consign_oci::{Digest, Platform};
use consign_receipt::predicate;
use std::fmt;

/// A piece of an image, by a name that people can act on: `signature of linux/arm64 sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub part: Part,
    /// Whose it is.
    pub owner: Owner,
    /// The digest that it was asked for by.
    pub digest: Digest,
}

impl Piece {
    pub(crate) fn new(part: Part, owner: &Owner, digest: &Digest) -> Self {
        Self { part, owner: owner.clone(), digest: digest.clone() }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} {}", self.part, self.owner, self.digest)
    }
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The manifest of a platform, or the index.
    Manifest,
    /// The config of an image.
    Config,
    /// A layer.
    Layer,
    /// The list of manifests that are about it.
    Referrers,
    /// A signature.
    Signature,
    /// How it was built.
    Provenance,
    /// What is in it.
    Sbom,
    /// How a trial of it went.
    Trial,
    /// What was released where.
    ReleaseRecord,
    /// That the tag is where the newest release record has it.
    Tag,
    /// A claim of another type.
    Attestation,
}

impl Part {
    pub(crate) fn of_predicate(predicate_type: Option<&str>) -> Self {
        match predicate_type {
            Some(predicate::SIGNATURE) => Self::Signature,
            Some(predicate::PROVENANCE) => Self::Provenance,
            Some(predicate::SBOM) => Self::Sbom,
            Some(predicate::TEST_RESULT) => Self::Trial,
            Some(predicate::RELEASE_RECORD) => Self::ReleaseRecord,
            _ => Self::Attestation,
        }
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Config => "config",
            Self::Layer => "layer",
            Self::Referrers => "referrers",
            Self::Signature => "signature",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
            Self::Trial => "trial",
            Self::ReleaseRecord => "release record",
            Self::Tag => "tag",
            Self::Attestation => "attestation",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Whose a piece is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The index's.
    Index,
    /// The image's, where the reference names one without an index.
    Image,
    /// One platform's.
    Platform(Platform),
    /// An entry of the index that is for no platform, such as BuildKit's attestations.
    Other,
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => formatter.write_str("the index"),
            Self::Image => formatter.write_str("the image"),
            Self::Platform(platform) => platform.fmt(formatter),
            Self::Other => formatter.write_str("an entry without a platform"),
        }
    }
}
