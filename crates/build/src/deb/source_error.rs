use crate::error::ErrorKind;
use consign_fetch::FetchError;
use consign_oci::Platform;
use consign_package::DecompressError;
use consign_package::deb::{DebError, IndexError, RelationError, ReleaseError, ResolveError};
use consign_store::StoreError;

/// Packages that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Debian has no such architecture.
    #[error("Debian has no architecture for {platform}")]
    Platform {
        /// The platform.
        platform: Platform,
    },
    /// No suite is known.
    #[error("the image file names no `suite`, and this machine has no apt sources to take one from")]
    NoSuite,
    /// There is no source for the suite.
    #[error("no source of packages has the suite `{suite}`; add one to `debian: mirrors:` in the configuration")]
    NoSource {
        /// The suite.
        suite: String,
    },
    /// No source has the architecture.
    #[error(
        "no source of packages for `{suite}` has the architecture `{architecture}`; add a mirror that has it to \
         `debian: mirrors:` in the configuration, with `suites: [{suite}]` and `architectures: [{architecture}]`"
    )]
    NoArchitecture {
        /// The suite.
        suite: String,
        /// Debian's name of the architecture.
        architecture: String,
    },
    /// A release file is not authentic.
    #[error("the release file of `{suite}`, declared in {declared}, is not authentic")]
    Release {
        /// The suite.
        suite: String,
        /// Where the source is declared.
        declared: String,
        /// Why not.
        source: Box<ReleaseError>,
    },
    /// The archive signs nothing.
    #[error(
        "the release file of `{suite}`, declared in {declared}, has no signature: there is neither InRelease nor Release.gpg"
    )]
    Unsigned {
        /// The suite.
        suite: String,
        /// Where the source is declared.
        declared: String,
    },
    /// The release file is another suite's.
    #[error("the source declared in {declared} says that it is `{found}`, not `{suite}`")]
    OtherSuite {
        /// The suite that was asked for.
        suite: String,
        /// Where the source is declared.
        declared: String,
        /// What the release file says.
        found: String,
    },
    /// A release file does not have what the source declares.
    #[error("`{suite}`, declared in {declared}, has no index of `{component}` for `{architecture}`")]
    NoIndex {
        /// The suite.
        suite: String,
        /// Where the source is declared.
        declared: String,
        /// The component.
        component: String,
        /// Debian's name of the architecture.
        architecture: String,
    },
    /// Something cannot be fetched.
    #[error("cannot fetch {what}")]
    Fetch {
        /// What it is.
        what: String,
        /// Why not.
        source: FetchError,
    },
    /// An index cannot be unpacked.
    #[error("cannot unpack {what}")]
    Decompress {
        /// What it is.
        what: String,
        /// Why not.
        source: DecompressError,
    },
    /// An index cannot be read.
    #[error("cannot read the index of packages")]
    Index {
        /// Why not.
        source: Box<IndexError>,
    },
    /// A package of the image file is not named rightly.
    #[error("`packages`: `{text}`")]
    Wanted {
        /// What is written.
        text: String,
        /// What is wrong.
        source: RelationError,
    },
    /// The packages cannot be installed together.
    #[error("the packages cannot be installed")]
    Resolve {
        /// Why not.
        source: Box<ResolveError>,
    },
    /// A package is no longer where it was when the lock was made.
    #[error("{name} {version} is no longer in the archive: {path} of `{suite}` is gone")]
    Gone {
        /// The package.
        name: String,
        /// Its version.
        version: String,
        /// Its path in the archive.
        path: String,
        /// The suite.
        suite: String,
    },
    /// A package file is larger than any that is fetched.
    #[error("the package {name} has {size} bytes, more than the {limit} allowed here")]
    TooLarge {
        /// The package.
        name: String,
        /// Its size in bytes, as the index or the lock has it.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// A package file cannot be read.
    #[error("cannot read the package {file}")]
    Package {
        /// Its path in the archive.
        file: String,
        /// Why not.
        source: Box<DebError>,
    },
    /// A package does not say rightly whose files it may overwrite.
    #[error("{file}: the field `Replaces`")]
    Replaces {
        /// Its path in the archive.
        file: String,
        /// What is wrong.
        source: RelationError,
    },
    /// A package is another one than was chosen.
    #[error("{file} says that it is {found}, but it was chosen as {expected}")]
    OtherPackage {
        /// Its path in the archive.
        file: String,
        /// What its own control file says.
        found: String,
        /// What was chosen.
        expected: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker ended early.
    #[error("a worker that unpacks packages ended early")]
    Worker {
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl SourceError {
    /// Returns what sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Release { .. } | Self::Unsigned { .. } | Self::OtherSuite { .. } | Self::OtherPackage { .. } => {
                ErrorKind::NotAuthentic
            }
            Self::Fetch { source: FetchError::Digest { .. } | FetchError::Size { .. }, .. } => ErrorKind::NotAuthentic,
            Self::Gone { .. } => ErrorKind::Drift,
            Self::Platform { .. }
            | Self::NoSuite
            | Self::NoSource { .. }
            | Self::NoArchitecture { .. }
            | Self::NoIndex { .. }
            | Self::Wanted { .. } => ErrorKind::Configuration,
            // An index is the archive's; what cannot be had is the image file's.
            Self::Resolve { source } if matches!(**source, ResolveError::Index(_)) => ErrorKind::Failed,
            Self::Resolve { .. } => ErrorKind::Configuration,
            Self::Fetch { .. }
            | Self::Decompress { .. }
            | Self::Index { .. }
            | Self::TooLarge { .. }
            | Self::Package { .. }
            | Self::Replaces { .. }
            | Self::Store(_)
            | Self::Worker { .. } => ErrorKind::Failed,
        }
    }
    /// Returns what to try next, where the error does not say it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Release { source, .. } => Some(match **source {
                ReleaseError::Untrusted { .. } => {
                    "is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`"
                }
                ReleaseError::Expired { .. } => {
                    "the mirror is no longer brought up to date, or somebody passes off an old release file as new: name another in `debian: mirrors:`"
                }
                ReleaseError::Future { .. } => "is this machine's clock right?",
                _ => "name another mirror in `debian: mirrors:`, or ask those who keep this one",
            }),
            Self::Unsigned { .. } => Some(
                "consign builds only from archives that are signed: let apt-ftparchive or reprepro sign this one, and name the key in `signed-by`",
            ),
            Self::OtherSuite { .. } => Some("are `uri` and `suites` in `debian: mirrors:` right?"),
            Self::Fetch { source: FetchError::Digest { .. } | FetchError::Size { .. }, .. } => Some(
                "the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`",
            ),
            Self::Fetch { source: FetchError::NotFound { .. }, .. } => {
                Some("are `uri` and `suites` in `debian: mirrors:` right, and is the mirror complete?")
            }
            Self::Resolve { source } if !matches!(**source, ResolveError::Index(_)) => None,
            Self::Decompress { .. }
            | Self::Index { .. }
            | Self::Resolve { .. }
            | Self::Package { .. }
            | Self::Replaces { .. }
            | Self::OtherPackage { .. } => {
                Some("the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`")
            }
            _ => None,
        }
    }
}
