use crate::{Embedded, Foreign, Piece, Signature};
use consign_oci::{Digest, Platform, Tag};
use consign_receipt::predicate::ReleaseRecord;
use consign_receipt::{Receipt, Verdict};
use std::fmt;

/// An image that is signed and, where it was released, what its release record says. Plain data for tables.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Digest of the index, or of the image where there is none.
    pub index: Digest,
    /// Whether it is an index.
    pub is_index: bool,
    /// The images in the index, in its order.
    pub platforms: Vec<VerifiedPlatform>,
    /// The signatures of the index that count.
    pub signatures: Vec<Signature>,
    /// What is claimed about the index, all signed by those whose signatures count.
    pub receipts: Vec<Receipt>,
    /// The newest release record; `None` of what is signed and was not released by consign.
    pub release_record: Option<ReleaseRecord>,
    /// What the policy says; `None` where nothing was asked for but signatures.
    pub verdict: Option<Verdict>,
    /// Where the claims are that count: bundles, and layers of cosign's older form.
    pub claims: Vec<Piece>,
    /// Every piece that was checked and found right, in the order of the walk.
    pub checks: Vec<Piece>,
    /// What others signed, which was ignored.
    pub foreign: Foreign,
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
    /// There is no release record, and a signature alone binds no tag: it may name any image that was ever signed.
    Unbound {
        /// The tag that was asked for.
        tag: Tag,
    },
    /// Something that says that it is by somebody whose signatures count is not valid, and so counts for nothing. Anybody can have attached it.
    Invalid {
        /// What it is, and what is wrong with it.
        what: String,
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
            Self::Invalid { what } => {
                write!(formatter, "{what}; it counts for nothing, and all that has to be there is there without it")
            }
            Self::Unbound { tag } => write!(
                formatter,
                "no release record says that `{tag}` is to name this image: whoever may write tags can make it name any image that was ever signed"
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
    /// The signatures of it that count.
    pub signatures: Vec<Signature>,
    /// What is claimed about it, all signed by those whose signatures count.
    pub receipts: Vec<Receipt>,
    /// What the index itself says of it. No policy counts that.
    pub embedded: Vec<Embedded>,
}
