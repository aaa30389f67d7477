use crate::{Published, Stage};
use consign_oci::{Digest, Platform, Reference, Repository};
use consign_receipt::{Reason, Verdict};
use consign_registry::RegistryError;
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// A release that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A platform could not be built.
    #[error("{image} {platform}: cannot be built")]
    Build {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<consign_build::BuildError>,
    },
    /// A platform's contents could not be listed.
    #[error("{image} {platform}: its contents cannot be listed")]
    Inventory {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<consign_inventory::InventoryError>,
    },
    /// A platform's SBOM could not be written.
    #[error("{image} {platform}: its SBOM cannot be written")]
    Sbom {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: consign_inventory::SpdxError,
    },
    /// This machine does not run programs of a platform.
    #[error("{image}: cannot be tried here")]
    Emulation {
        /// Name of the image.
        image: String,
        /// What is missing, and what to install.
        source: consign_sandbox::EmulationError,
    },
    /// A trial could not be run at all.
    #[error("{image} {platform}: cannot be run")]
    Trial {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<consign_trial::TrialError>,
    },
    /// Tests of an image that was only built failed.
    #[error("{image}: trial failed on {}", .failures.iter().map(|(platform, _)| platform.to_string()).collect::<Vec<_>>().join(", "))]
    TrialFailed {
        /// Name of the image.
        image: String,
        /// What failed, by platform.
        failures: Vec<(Platform, Vec<String>)>,
    },
    /// The gate closed.
    #[error("{image}: the gate closed; nothing was written to a registry")]
    Gate {
        /// Name of the image.
        image: String,
        /// What is missing or failed.
        reasons: Vec<Reason>,
    },
    /// A registry refused, or cannot be reached.
    #[error("{repository}: not published")]
    Destination {
        /// The repository.
        repository: Repository,
        /// Why not.
        source: Box<RegistryError>,
    },
    /// Somebody else moved a tag while this release was published.
    #[error("{reference} was moved by somebody else meanwhile{}", found.as_ref().map(|digest| format!(": it names {digest} now")).unwrap_or_default())]
    TagMovedMeanwhile {
        /// The tag.
        reference: Reference,
        /// What it names now.
        found: Option<Digest>,
    },
    /// Publishing ended between two tags. Each tag that has moved names a complete image.
    #[error("published, but not all tags moved; moved: {}; not moved: {}", list(moved), list(unmoved))]
    Interrupted {
        /// Tags that name the image now.
        moved: Vec<Reference>,
        /// Tags that do not.
        unmoved: Vec<Reference>,
        /// What went wrong.
        source: Box<ReleaseError>,
    },
    /// What was published does not verify.
    #[error("{reference}: published, but it does not verify")]
    Verify {
        /// The tag.
        reference: Reference,
        /// Why not.
        source: Box<consign_verify::VerifyError>,
    },
    /// A registry cannot be served here.
    #[error(
        "`{host}` cannot be served: a registry that `release` serves is `localhost:PORT` or a loopback address with a port"
    )]
    NotServable {
        /// The host.
        host: String,
    },
    /// The embedded registry cannot be started.
    #[error("the embedded registry on {host} cannot be started")]
    Embedded {
        /// The host.
        host: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The access log cannot be written.
    #[error("cannot write {}", path.display())]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A folder for a trial's root file system could not be made.
    #[error("{image} {platform}: its files cannot be unpacked")]
    Unpack {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What `--from` names is not an image with platforms.
    #[error("{place} {problem}")]
    NotAnImage {
        /// Where it was looked for.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// The work on a platform ended in an unexpected way.
    #[error("the work on a platform broke off")]
    Task(#[source] tokio::task::JoinError),
    /// The key cannot be read.
    #[error("the signing key `{key}` cannot be used")]
    Key {
        /// Where it is, as the configuration says.
        key: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A receipt could not be signed.
    #[error(transparent)]
    Sign(#[from] consign_sign::BundleError),
    /// An image could not be read.
    #[error(transparent)]
    Image(Box<consign_image::ImageError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] consign_store::StoreError),
    /// A document could not be written as JSON.
    #[error("a document could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl From<consign_image::ImageError> for ReleaseError {
    fn from(error: consign_image::ImageError) -> Self {
        Self::Image(Box::new(error))
    }
}

impl ReleaseError {
    pub(crate) fn destination(repository: &Repository) -> impl FnOnce(RegistryError) -> Self {
        let repository = repository.clone();
        move |source| Self::Destination { repository, source: Box::new(source) }
    }

    /// Returns the platform and the stage that the error is about, if it is about one.
    pub(crate) fn place(&self) -> Option<(&Platform, Stage)> {
        match self {
            Self::Build { platform, .. } => Some((platform, Stage::Build)),
            Self::Inventory { platform, .. } | Self::Sbom { platform, .. } => Some((platform, Stage::Inventory)),
            Self::Trial { platform, .. } | Self::Unpack { platform, .. } => Some((platform, Stage::Trial)),
            _ => None,
        }
    }

    /// Returns whether a trial failed.
    pub fn is_trial(&self) -> bool {
        match self {
            Self::TrialFailed { .. } => true,
            Self::Gate { reasons, .. } => reasons.iter().any(Reason::is_trial),
            _ => false,
        }
    }

    /// Adds which tags have moved, if any has.
    pub(crate) fn after(self, published: &Published, verdict: &Verdict) -> Self {
        let moved: Vec<Reference> = published.tags.iter().map(|tag| tag.reference.clone()).collect();
        if !published.tags.iter().any(|tag| tag.moved) {
            return self;
        }
        let unmoved = crate::publish::in_tag_order(verdict).into_iter().filter(|reference| !moved.contains(reference));
        Self::Interrupted { unmoved: unmoved.collect(), moved, source: Box::new(self) }
    }
}

fn list(references: &[Reference]) -> String {
    if references.is_empty() {
        return "none".to_owned();
    }
    references.iter().map(Reference::to_string).collect::<Vec<_>>().join(", ")
}
