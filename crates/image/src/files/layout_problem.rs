use consign_oci::Digest;

/// Why a folder or file is not read in the form that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LayoutProblem {
    /// A folder, pipe or device stands where an archive was named.
    #[error("it is not a file")]
    NotAFile,
    /// The archive is compressed as a whole.
    #[error("it is compressed; decompress it first (`{tool}`)")]
    Compressed {
        /// The program that decompresses it.
        tool: &'static str,
    },
    /// A file that is always there is not.
    #[error("it has no file `{name}`")]
    NoFile {
        /// Its name.
        name: &'static str,
    },
    /// It is of another version of the format.
    #[error("it is of another version than 1.0.0: {version:.20?}")]
    Version {
        /// What it says.
        version: String,
    },
    /// A file of the layout is larger than any should be.
    #[error("`{name}` has {size} bytes, more than the {limit} allowed here")]
    TooLarge {
        /// Its name.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// A file of the layout is malformed.
    #[error("`{name}`: {source}")]
    Json {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It lists more manifests than any should.
    #[error("it lists more than {limit} manifests")]
    TooManyManifests {
        /// The most that are allowed.
        limit: usize,
    },
    /// A manifest is listed as being about another, and is not.
    #[error("`{name}` lists {digest}, which is about no image")]
    NotAReferrer {
        /// The list.
        name: &'static str,
        /// The manifest.
        digest: Digest,
    },
    /// One manifest more, and others could not read it.
    #[error("with this image it would list more than {limit} manifests")]
    Full {
        /// The most that are allowed.
        limit: usize,
    },
}

impl LayoutProblem {
    /// Returns whether it is a layout, and a malformed one.
    pub(crate) fn is_malformed(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::Json { .. } | Self::TooManyManifests { .. } | Self::NotAReferrer { .. } => {
                true
            }
            Self::NotAFile
            | Self::Compressed { .. }
            | Self::NoFile { .. }
            | Self::Version { .. }
            | Self::Full { .. } => false,
        }
    }
}
