use crate::{ArchiveError, Form, LayoutProblem};
use consign_engine::EngineError;
use consign_oci::{Digest, DocumentError, Platform, Reference, Tag};
use consign_registry::{ErrorKind, RegistryError};
use consign_store::StoreError;
use std::io;
use std::path::PathBuf;

/// An image that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Something that is referred to is not there.
    #[error("{place} has no {digest}")]
    Missing {
        /// Where it was looked for.
        place: String,
        /// What was looked for.
        digest: Digest,
    },
    /// Bytes are not those that the digest promises.
    #[error("{place}: the bytes of {digest} do not match their digest")]
    Mismatch {
        /// Where they lie.
        place: String,
        /// What they were to be.
        digest: Digest,
    },
    /// Bytes are not as many as the descriptor says.
    #[error("{place}: {digest} has {found} bytes, and its descriptor says {stated}")]
    Size {
        /// Where they lie.
        place: String,
        /// Their digest.
        digest: Digest,
        /// How many there are.
        found: u64,
        /// How many there should be.
        stated: u64,
    },
    /// A document or blob is larger than any should be.
    #[error("{place}: {digest} has {size} bytes, more than the {limit} allowed here")]
    TooLarge {
        /// Where it lies.
        place: String,
        /// Its digest.
        digest: Digest,
        /// Its size in bytes, as stated.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// An image of more manifests than any should have.
    #[error("{place}: {digest} is made of more than {limit} manifests")]
    TooMany {
        /// Where it lies.
        place: String,
        /// The digest of its root.
        digest: Digest,
        /// The most that are allowed.
        limit: usize,
    },
    /// An image of more layers than any should have.
    #[error("{place}: the image has {count} layers, and at most {limit} are read")]
    TooManyLayers {
        /// Where it lies.
        place: String,
        /// How many it has.
        count: usize,
        /// The most that are read.
        limit: usize,
    },
    /// An image that is not for the platform that was asked for.
    #[error("the image has no {wanted}; it has {}", list(present))]
    NoPlatform {
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        present: Vec<Platform>,
    },
    /// Something that is no image of a platform.
    #[error("{place}: {digest} is not an image for any platform")]
    NoImage {
        /// Where it lies.
        place: String,
        /// Its digest.
        digest: Digest,
    },
    /// Indexes within indexes, deeper than any should be.
    #[error("{place}: {digest} lies more than {limit} manifests deep")]
    TooDeep {
        /// Where it lies.
        place: String,
        /// The digest of the one that lies too deep.
        digest: Digest,
        /// How deep is allowed.
        limit: usize,
    },
    /// A digest that the store has no place for.
    #[error("{place}: {digest} cannot be kept: the store keeps images by SHA-256")]
    Algorithm {
        /// Where it lies.
        place: String,
        /// The digest.
        digest: Digest,
    },
    /// Bytes that are not a manifest.
    #[error("{place}: {digest} is not a manifest")]
    Document {
        /// Where it lies.
        place: String,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A layout with several images, and no tag that says which.
    #[error("{place} holds {images} images; {}", choice(tags))]
    Ambiguous {
        /// Where they lie.
        place: String,
        /// How many there are.
        images: usize,
        /// Their tags.
        tags: Vec<Tag>,
    },
    /// A layout with several images of one tag.
    #[error("{place} holds {images} images with the tag `{tag}`")]
    SharedTag {
        /// Where they lie.
        place: String,
        /// Their tag.
        tag: Tag,
        /// How many there are.
        images: usize,
    },
    /// A place that is not on this machine.
    #[error(
        "cannot write to {reference}: what is built reaches a registry by `consign release`, through the gate; \
         `consign copy` takes images there that were let out before"
    )]
    NotLocal {
        /// The place.
        reference: Reference,
    },
    /// A place that is on no registry.
    #[error("{place} is on no registry")]
    NoRegistry {
        /// The place.
        place: String,
    },
    /// A form of archive that is read only.
    #[error("{} is not written: `docker-archive:` is read only, and `docker load` takes what `oci-archive:` writes", file.display())]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// A folder or file that is not what it was to be read as.
    #[error("{} is not {form}: {problem}", path.display())]
    NotALayout {
        /// The folder or file.
        path: PathBuf,
        /// What it was to be.
        form: Form,
        /// What is missing or wrong.
        problem: LayoutProblem,
    },
    /// An archive that is damaged, or made so that others see something else in it.
    #[error("{}: {problem}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ArchiveError,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An engine's image where no engine is asked.
    #[error("{name} is not read here: `consign copy {name} oci-archive:FILE` makes a file that is")]
    NotFromEngine {
        /// The name.
        name: String,
    },
    /// An engine's image that is to be named by a digest.
    #[error("{name} is not written: engines name images by tags")]
    ByDigest {
        /// The name.
        name: String,
    },
    /// An image for an engine, of which it would get a part only.
    #[error(
        "{place} is not written: {digest} has layers that only their own source hands out; the engine has to pull it from there"
    )]
    Foreign {
        /// The name.
        place: String,
        /// The image.
        digest: Digest,
    },
    /// The engine refused or cannot be reached.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The registry refused or cannot be reached.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an error says about the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Bytes are there, and are not those that the digest promises.
    Altered,
    /// Something that is referred to is not there.
    Missing,
    /// The promised bytes are there, and are not what they should be.
    Malformed,
    /// Nothing: it could not be read or fetched.
    Unavailable,
}

impl ImageError {
    /// Returns whether a registry refused a manifest, and the parts that it says it has not got; `None` for any other error.
    pub fn refused_parts(&self) -> Option<&[Digest]> {
        match self {
            Self::Registry(error) => error.refused_parts(),
            _ => None,
        }
    }

    /// Makes an error of a registry's answer to a question for `digest`.
    pub(crate) fn of_registry(place: String, digest: Digest, error: RegistryError) -> Self {
        match error {
            RegistryError::Mismatch { .. } => Self::Mismatch { place, digest },
            RegistryError::Document { source, .. } => Self::Document { place, digest, source },
            error if error.kind() == ErrorKind::NotFound => Self::Missing { place, digest },
            error => Self::Registry(error),
        }
    }

    /// Returns what the error says about the image.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Mismatch { .. }
            | Self::Size { .. }
            | Self::Registry(RegistryError::Mismatch { .. })
            | Self::Store(StoreError::Corrupt { .. } | StoreError::Unexpected { .. }) => Trouble::Altered,
            Self::Missing { .. } | Self::Store(StoreError::Missing { .. }) => Trouble::Missing,
            Self::Document { .. }
            | Self::Registry(RegistryError::Document { .. })
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::TooManyLayers { .. }
            | Self::TooDeep { .. }
            | Self::Archive { .. }
            | Self::Store(StoreError::TooLarge { .. }) => Trouble::Malformed,
            Self::NotALayout { problem, .. } if problem.is_malformed() => Trouble::Malformed,
            Self::Algorithm { .. }
            | Self::Ambiguous { .. }
            | Self::NoPlatform { .. }
            | Self::NoImage { .. }
            | Self::SharedTag { .. }
            | Self::NotLocal { .. }
            | Self::NoRegistry { .. }
            | Self::ReadOnly { .. }
            | Self::NotFromEngine { .. }
            | Self::ByDigest { .. }
            | Self::Foreign { .. }
            | Self::Engine(_)
            | Self::NotALayout { .. }
            | Self::Io { .. }
            | Self::Registry(_)
            | Self::Store(_) => Trouble::Unavailable,
        }
    }
}

fn list(platforms: &[Platform]) -> String {
    platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn choice(tags: &[Tag]) -> String {
    const SHOWN: usize = 20;
    let names = tags.iter().take(SHOWN).map(Tag::as_str).collect::<Vec<_>>().join(", ");
    match tags.len() {
        0 => "none has a tag to name it by".to_owned(),
        1..=SHOWN => format!("name one: {names}"),
        _ => format!("name one: {names}, …"),
    }
}
