use crate::base_tree::BaseTreeError;
use crate::deb::{AssembleError, SourceError};
use crate::file_error::FileError;
use crate::linkage::LinkageError;
use crate::output::OutputError;
use crate::run::RunError;
use crate::specification::SpecificationError;
use consign_image::BaseError;
use consign_oci::Platform;
use consign_store::StoreError;

/// An image that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The image file cannot be used.
    #[error(transparent)]
    Specification(#[from] SpecificationError),
    /// The packages cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Packages and files do not make an image.
    #[error("{platform}: the image cannot be put together")]
    Assemble {
        /// For which platform.
        platform: Platform,
        /// Why not.
        source: Box<AssembleError>,
    },
    /// A file of the user's cannot go into the image.
    #[error(transparent)]
    File(#[from] FileError),
    /// A program of the user's would not start in the image.
    #[error(transparent)]
    Linkage(#[from] LinkageError),
    /// The command that makes files failed, or cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The base image cannot be used.
    #[error(transparent)]
    Base(Box<BaseError>),
    /// The base image cannot be looked into.
    #[error(transparent)]
    BaseTree(Box<BaseTreeError>),
    /// The image file names a base image, but none was opened.
    #[error("the base image `{base}` was not opened")]
    BaseNotOpened {
        /// The base image, as written.
        base: String,
    },
    /// What the image is made of was chosen for other platforms only.
    #[error("{platform}: nothing was chosen for it")]
    NotResolved {
        /// The platform.
        platform: Platform,
    },
    /// The image cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The specification cannot be written as JSON.
    #[error("the image file cannot be recorded")]
    Record {
        /// Why not.
        source: serde_json::Error,
    },
}

impl From<BaseTreeError> for BuildError {
    fn from(error: BaseTreeError) -> Self {
        Self::BaseTree(Box::new(error))
    }
}

impl From<BaseError> for BuildError {
    fn from(error: BaseError) -> Self {
        Self::Base(Box::new(error))
    }
}

/// What sort of failure it is, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The image file or the machine's sources have to be changed.
    Configuration,
    /// An input is not what its signature or hash promises, or its signature is expired.
    NotAuthentic,
    /// What a lock names is gone, or not what it was.
    Drift,
    /// Anything else.
    Failed,
}

impl BuildError {
    /// Returns what sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Specification(_) | Self::File(_) | Self::Linkage(_) | Self::BaseNotOpened { .. } => {
                ErrorKind::Configuration
            }
            Self::Run(error) if error.is_of_file() => ErrorKind::Configuration,
            Self::Source(error) => error.kind(),
            Self::Assemble { source, .. } => match **source {
                AssembleError::Tree(_) | AssembleError::Unpack(_) => ErrorKind::Failed,
                AssembleError::Account(_) | AssembleError::File(_) | AssembleError::User { .. } => {
                    ErrorKind::Configuration
                }
            },
            Self::BaseTree(_) => ErrorKind::Failed,
            Self::Base(error) => match **error {
                BaseError::Platform { .. } | BaseError::Missing { .. } => ErrorKind::Configuration,
                BaseError::Gone { .. } => ErrorKind::Drift,
                BaseError::Image { .. }
                | BaseError::Offline { .. }
                | BaseError::NotKept { .. }
                | BaseError::Note { .. }
                | BaseError::Config { .. }
                | BaseError::Layers { .. } => ErrorKind::Failed,
            },
            Self::Run(_) | Self::Output(_) | Self::Store(_) | Self::Record { .. } | Self::NotResolved { .. } => {
                ErrorKind::Failed
            }
        }
    }
}
