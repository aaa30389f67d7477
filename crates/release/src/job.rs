use crate::{ReleaseError, SourceFacts};
use consign_build::Specification;
use consign_image::Place;
use consign_plan::PlannedImage;
use consign_sign::PrivateKey;
use std::path::PathBuf;

/// One image to release: what is planned for it, and what it is made from.
#[derive(Clone)]
pub struct Job {
    /// The plan.
    pub planned: PlannedImage,
    /// The image file.
    pub specification: Specification,
    /// The image file's folder.
    pub folder: PathBuf,
    /// When the image's own files last changed, in seconds since 1970.
    pub source_time: Option<u64>,
    /// When the source as a whole last changed, in seconds since 1970.
    pub commit_time: Option<u64>,
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
pub type KeySource<'a> = &'a (dyn Fn() -> Result<PrivateKey, ReleaseError> + Sync);
