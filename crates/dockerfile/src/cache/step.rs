use super::{Record, Why};
use consign_oci::Digest;

/// Where a step stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The place of the stage in the file.
    pub(crate) place: usize,
    /// The stage's name, else its number.
    pub(crate) stage: String,
    /// What the stage builds on, as written.
    pub(crate) base: String,
    /// The number of the instruction in the stage, from 1, those that the base left included.
    pub(crate) number: usize,
    /// The instruction.
    pub(crate) text: String,
}

/// A step that was done, or that did not have to be.
#[derive(Clone, Debug)]
pub struct Step {
    /// The place of the stage in the file, from 0.
    pub place: usize,
    /// The stage: its name, else its number.
    pub stage: String,
    /// The number of the instruction in the stage, from 1.
    pub number: usize,
    /// The instruction.
    pub text: String,
    /// Why it was done, or why not.
    pub why: Why,
    /// The digest of what it follows from.
    pub(crate) key: Digest,
    pub(crate) record: Record,
    /// Whether its layer is in the image.
    pub(crate) is_in_image: bool,
    /// Names of the folders that are kept between builds and that the command had.
    pub(crate) mounts: Vec<String>,
}
