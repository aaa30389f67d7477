use crate::Piece;
use consign_oci::{Digest, Platform};
use consign_receipt::predicate::ReleaseRecord;
use consign_receipt::{Receipt, Verdict};
use std::fmt;

/// An image that is what its release record says, all of it signed. Plain data for tables.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Digest of the index.
    pub index: Digest,
    /// The images in the index, in its order.
    pub platforms: Vec<VerifiedPlatform>,
    /// What is claimed about the index, all signed by the key.
    pub receipts: Vec<Receipt>,
    /// The newest release record.
    pub release_record: ReleaseRecord,
    /// What the policy says.
    pub verdict: Verdict,
    /// Every piece that was checked and found right, in the order of the walk.
    pub checks: Vec<Piece>,
    /// How many bundles by other keys, or of other kinds, were seen and ignored.
    pub foreign: usize,
    /// What was not looked at, and a person should know.
    pub notes: Vec<Note>,
}

/// Something that a person should know of a verified image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The repository has more tags than are looked at, so that a later release may have been missed.
    TagsLeft {
        /// How many other tags were looked at.
        looked_at: usize,
        /// How many were not.
        left: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TagsLeft { looked_at, left } => write!(
                formatter,
                "a later release was looked for under {looked_at} other tags of the repository and not under {left} more, \
                 where it would go unnoticed"
            ),
        }
    }
}

/// One platform of a verified image.
#[derive(Clone, Debug)]
pub struct VerifiedPlatform {
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
    /// What is claimed about it, all signed by the key.
    pub receipts: Vec<Receipt>,
}
