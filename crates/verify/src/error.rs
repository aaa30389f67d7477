use crate::fetch::clip;
use crate::{Failure, Foreign, Owner, Part, Piece};
use consign_image::ImageError;
use consign_oci::Digest;
use consign_receipt::{Closed, Reason};
use std::collections::BTreeSet;

/// Why an image is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The reference names nothing.
    #[error("{place}: there is no such image")]
    NotFound {
        /// Where it was looked for.
        place: String,
    },
    /// Something could not be listed or fetched, which says nothing about the image.
    #[error("{}", unavailable(piece))]
    Unavailable {
        /// What was to be fetched.
        piece: Box<Piece>,
        /// Why not.
        source: Box<ImageError>,
    },
    /// The reference could not be resolved.
    #[error("cannot ask {place} for the image")]
    Unresolved {
        /// Where it was looked for.
        place: String,
        /// Why not.
        source: Box<ImageError>,
    },
    /// Something is there, but wrong.
    #[error("verification failed: {}", list(failures))]
    Failed {
        /// What is wrong, at least one.
        failures: Vec<Failure>,
    },
    /// Something has no signature by anybody whose signatures count.
    #[error("not signed by {}: {}{}", list(authorities), list(unsigned), others(foreign))]
    NotSigned {
        /// Whose signatures count, for people.
        authorities: Vec<String>,
        /// What is not signed, at least one.
        unsigned: Vec<Piece>,
        /// What others signed.
        foreign: Foreign,
    },
    /// It was to be released by consign, and nothing that is signed says that it was.
    #[error(
        "{owner} {digest} is signed, but was not released by consign: no release record is signed by {}",
        list(authorities)
    )]
    NeverReleased {
        /// Whether it is an index or an image.
        owner: Owner,
        /// Its digest.
        digest: Digest,
        /// Whose signatures count, for people.
        authorities: Vec<String>,
    },
    /// There is no statement of a type by anybody whose signatures count.
    #[error(
        "no statement of the type {predicate_type} is signed by {}: {}{}{}",
        list(authorities),
        list(missing),
        types(found),
        others(foreign)
    )]
    NotAttested {
        /// The type.
        predicate_type: String,
        /// Whose signatures count, for people.
        authorities: Vec<String>,
        /// What has no such statement, at least one.
        missing: Vec<Piece>,
        /// Types of the statements that they signed.
        found: BTreeSet<String>,
        /// What others signed.
        foreign: Foreign,
    },
    /// All is signed and whole, but the policy asks for more.
    #[error("the policy is not met: {}", list(reasons))]
    Policy {
        /// Why, at least one.
        reasons: Vec<Reason>,
    },
}

/// How a verification ended, for whoever acts on it without reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something is there, but wrong.
    Failed,
    /// Something is not signed.
    NotSigned,
    /// What it takes to know could not be listed or fetched.
    Unavailable,
    /// The policy asks for more.
    Closed(Closed),
}

impl VerifyError {
    /// Returns how the verification ended.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotFound { .. } | Self::Unavailable { .. } | Self::Unresolved { .. } => Outcome::Unavailable,
            Self::Failed { .. } => Outcome::Failed,
            Self::NotSigned { .. } | Self::NeverReleased { .. } | Self::NotAttested { .. } => Outcome::NotSigned,
            Self::Policy { reasons } => Outcome::Closed(Closed::of(reasons)),
        }
    }
}

impl VerifyError {
    /// Returns the error of an image about which there are also signatures that are not valid. They may be those that are missing.
    pub(crate) fn beside(self, invalid: Vec<Failure>) -> Self {
        if invalid.is_empty() {
            return self;
        }
        match self {
            Self::NotSigned { .. } | Self::NotAttested { .. } => Self::Failed { failures: invalid },
            Self::Policy { reasons } if reasons.iter().any(|reason| matches!(reason, Reason::Missing { .. })) => {
                Self::Failed { failures: invalid }
            }
            Self::Failed { failures } => Self::Failed { failures: failures.into_iter().chain(invalid).collect() },
            other => other,
        }
    }
}

impl From<Failure> for VerifyError {
    fn from(failure: Failure) -> Self {
        Self::Failed { failures: vec![failure] }
    }
}

/// Most things that a message lists.
const SHOWN: usize = 50;

pub(crate) fn list<T: std::fmt::Display>(things: &[T]) -> String {
    if things.is_empty() {
        return "nothing".to_owned();
    }
    let mut shown: Vec<String> = things.iter().take(SHOWN).map(T::to_string).collect();
    if let Some(more @ 1..) = things.len().checked_sub(SHOWN) {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}

/// Says what could not be done, and that it says nothing about the image where somebody could take it for that.
fn unavailable(piece: &Piece) -> String {
    let Piece { part, owner, digest } = piece;
    match part {
        Part::Referrers => format!("cannot list what is about {owner} {digest}: whether it is signed is not known"),
        Part::Tag => format!("cannot look at the tags beside {owner} {digest}"),
        _ => format!("cannot fetch the {part} of {owner} {digest}"),
    }
}

/// Says what is signed instead.
fn types(found: &BTreeSet<String>) -> String {
    if found.is_empty() {
        return String::new();
    }
    let found: Vec<String> = found.iter().map(|found| clip(found)).collect();
    format!("; there are statements of the types {}", list(&found))
}

/// Says by whom the signatures are that were found.
fn others(foreign: &Foreign) -> String {
    match (foreign.count, foreign.by.is_empty()) {
        (0, _) => String::new(),
        (count, true) => format!("; there are {count} signatures or attestations by others"),
        (count, false) => {
            let by: Vec<&String> = foreign.by.iter().collect();
            format!(
                "; there are {count} signatures or attestations by others, which say that they are by {}",
                list(&by)
            )
        }
    }
}
