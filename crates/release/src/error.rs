use crate::Stage;
use consign_oci::{Digest, Platform, Reference, Repository};
use consign_receipt::{Closed, Reason};
use consign_registry::RegistryError;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
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
    /// What an image is made of could not be chosen.
    #[error("{image}: cannot be built")]
    Resolve {
        /// Name of the image.
        image: String,
        /// Why not.
        source: Box<consign_build::BuildError>,
    },
    /// A platform of a Dockerfile's image could not be built.
    #[error("{image} {platform}: cannot be built")]
    Dockerfile {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<consign_dockerfile::BuildError>,
    },
    /// The images that a Dockerfile names could not be found.
    #[error("{image}: cannot be built")]
    Images {
        /// Name of the image.
        image: String,
        /// Why not.
        source: Box<consign_dockerfile::BuildError>,
    },
    /// A cache cannot be written.
    #[error("{image}: what was built cannot be left in a cache")]
    Cache {
        /// Name of the image.
        image: String,
        /// Why not.
        source: Box<consign_dockerfile::CacheError>,
    },
    /// What was chosen was chosen for another kind of file.
    #[error("{image}: what was chosen is for another kind of file")]
    OtherRecipe {
        /// Name of the image.
        image: String,
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
    /// What lies in a folder could not be listed.
    #[error("{}: its contents cannot be listed", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
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
        source: consign_inventory::SbomError,
    },
    /// A platform's packages could not be compared with advisories.
    #[error("{image} {platform}: its packages cannot be compared with advisories")]
    Scan {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// Why not.
        source: Box<consign_scan::ScanError>,
    },
    /// Another scanner gave no verdict on a platform.
    #[error("{image} {platform}: {engine} gives no verdict")]
    Engine {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// The scanner.
        engine: consign_receipt::Engine,
        /// Why not.
        source: Box<crate::EngineError>,
    },
    /// The packages of a document could not be compared with advisories.
    #[error("{name}: its packages cannot be compared with advisories")]
    Document {
        /// Its name.
        name: String,
        /// Why not.
        source: Box<consign_scan::ScanError>,
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
    /// The release would be dated after today.
    #[error(
        "{image}: the release would be dated {time}, which is yet to come: the commit or an input of the image has a time that cannot be right"
    )]
    Future {
        /// Name of the image.
        image: String,
        /// The time, RFC 3339.
        time: String,
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
    /// A tag names a later release than this one.
    #[error("{reference} names {version}, which was released later than this: a tag is not moved back")]
    TagNamesLater {
        /// The tag.
        reference: Reference,
        /// The version that it names.
        version: String,
    },
    /// Publishing ended between two tags. Each tag that has moved names a complete image.
    #[error(
        "published, but not all tags moved; moved: {}; {}{}not moved: {}",
        list(moved),
        some("named before", unchanged),
        some("not known", unknown),
        list(unmoved)
    )]
    Interrupted {
        /// Tags that this run moved.
        moved: Vec<Reference>,
        /// Tags that named their images before.
        unchanged: Vec<Reference>,
        /// Tags that were sent, to a registry that no longer says what became of them.
        unknown: Vec<Reference>,
        /// Tags that do not name their images.
        unmoved: Vec<Reference>,
        /// What went wrong.
        source: Box<ReleaseError>,
    },
    /// Somebody asked the run to end.
    #[error("interrupted")]
    Stopped,
    /// The index that the gate let pass lists something else than the gate was shown.
    #[error("the index {index} lists {}, but what passed the gate is {}; nothing was written to a registry", listed.join(", "), passed.join(", "))]
    NotWhatPassed {
        /// The index.
        index: Digest,
        /// What it lists, each with its digest.
        listed: Vec<String>,
        /// The platforms that passed, each with its digest.
        passed: Vec<String>,
    },
    /// An artifact is about something else than it was to be published with.
    #[error("{artifact} is not about {subject}; nothing was written to a registry")]
    NotAbout {
        /// The artifact.
        artifact: Digest,
        /// What it was to be about.
        subject: Digest,
    },
    /// Something is larger than anybody reads who verifies the image.
    #[error("{image}{}: its {what} has {size} bytes, and at most {limit} are read", platform.as_ref().map(|platform| format!(" {platform}")).unwrap_or_default())]
    TooLarge {
        /// Name of the image.
        image: String,
        /// The platform; `None` where it is about the whole image.
        platform: Option<Platform>,
        /// What is too large, such as `sbom`.
        what: String,
        /// Its size in bytes, signed if there is a key.
        size: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A tag does not name what was just published under it.
    #[error("{reference} does not name {index}, which was just published under it, but {}", found.as_ref().map_or_else(|| "nothing".to_owned(), Digest::to_string))]
    TagDiffers {
        /// The tag.
        reference: Reference,
        /// What it should name.
        index: Digest,
        /// What it names.
        found: Option<Digest>,
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
    /// Another consign serves a registry's folder.
    #[error("another consign serves {}{}", folder.display(), open_at.map(|address| format!(", on {address}")).unwrap_or_default())]
    FolderServed {
        /// The folder.
        folder: PathBuf,
        /// Where anyone may write, if they may.
        open_at: Option<SocketAddr>,
    },
    /// A registry was to be served, and something else answers there.
    #[error("{host} cannot be served: another program has that port")]
    PortTaken {
        /// The host.
        host: String,
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
    /// What `--from` names cannot be taken into this release.
    #[error("{place} {problem}")]
    Import {
        /// The place.
        place: String,
        /// What is wrong.
        problem: Box<crate::ImportProblem>,
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
    /// The identity token and the certificate that was given for it say different things of the run.
    #[error("the identity token says that `{claim}` is {token}, and the certificate says {certificate}")]
    Provenance {
        /// What they differ in, as the token calls it.
        claim: &'static str,
        /// What the token says.
        token: String,
        /// What the certificate says.
        certificate: String,
    },
    /// A receipt could not be signed.
    #[error(transparent)]
    Sign(#[from] consign_sign::BundleError),
    /// Something cannot be signed, or attached in cosign's older form.
    #[error(transparent)]
    Attach(#[from] consign_attach::AttachError),
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
    /// Returns the platform and the stage that the error is about, if it is about one.
    pub(crate) fn place(&self) -> Option<(&Platform, Stage)> {
        match self {
            Self::Build { platform, .. } | Self::Dockerfile { platform, .. } => Some((platform, Stage::Build)),
            Self::Inventory { platform, .. } | Self::Sbom { platform, .. } => Some((platform, Stage::Inventory)),
            Self::Scan { platform, .. } | Self::Engine { platform, .. } => Some((platform, Stage::Scan)),
            Self::Trial { platform, .. } | Self::Unpack { platform, .. } => Some((platform, Stage::Trial)),
            _ => None,
        }
    }

    /// Returns what weighs most among the reasons why the gate closed, if it did.
    pub fn closed(&self) -> Option<Closed> {
        match self {
            Self::TrialFailed { .. } => Some(Closed::Trial),
            Self::Gate { reasons, .. } => Some(Closed::of(reasons)),
            _ => None,
        }
    }
}

fn list(references: &[Reference]) -> String {
    if references.is_empty() {
        return "none".to_owned();
    }
    references.iter().map(Reference::to_string).collect::<Vec<_>>().join(", ")
}

fn some(what: &str, references: &[Reference]) -> String {
    if references.is_empty() { String::new() } else { format!("{what}: {}; ", list(references)) }
}
