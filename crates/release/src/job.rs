use crate::{Recipe, ReleaseError, SourceFacts};
use consign_image::Place;
use consign_oci::Platform;
use consign_plan::{LockedImage, PlannedImage};
use consign_sign::Signer;
use std::path::PathBuf;
use std::sync::Arc;

/// Says when any of some files or folders last changed, in seconds since 1970, where that is known.
pub type Changed = Arc<dyn Fn(&[PathBuf]) -> Option<u64> + Send + Sync>;

/// One image to release: what is planned for it, and what it is made from.
#[derive(Clone)]
pub struct Job {
    /// The plan.
    pub planned: PlannedImage,
    /// What it is made from.
    pub recipe: Recipe,
    /// The image file's folder.
    pub folder: PathBuf,
    /// What git keeps, or would keep, in the image file's folder, by path relative to it; `None` where there is no git, or no command.
    pub listing: Option<Vec<String>>,
    /// When the image's own files last changed, in seconds since 1970.
    pub source_time: Option<u64>,
    /// Says when any of some files or folders last changed, in seconds since 1970, where that is known.
    pub changed: Changed,
    /// When the source as a whole last changed, in seconds since 1970.
    pub commit_time: Option<u64>,
    /// All platforms that the image has, also those that are not built now.
    pub platforms: Vec<Platform>,
    /// What a lock says that it is made of.
    pub locked: Option<LockedImage>,
    /// The base image, if the image file names one.
    pub base: Option<Place>,
    /// Places to take platforms from instead of building them.
    pub from: Vec<Place>,
    /// Where the source stands.
    pub source: SourceFacts,
    /// Whether tracked files differ from the revision.
    pub dirty: bool,
}

/// Reads the signing key. Called only after the last child process has ended.
pub type KeySource<'a> = &'a (dyn Fn() -> Result<Box<dyn Signer>, ReleaseError> + Sync);
