use super::RebaseProblem;
use consign_image::ImageError;
use consign_oci::{Digest, Platform, Reference, ReferenceError};

/// An image that is not put onto another base.
#[derive(Debug, thiserror::Error)]
pub enum RebaseError {
    /// There is nothing of that name.
    #[error("there is no image {name}")]
    NoImage {
        /// The name.
        name: String,
    },
    /// What the image says that its base is called is no name.
    #[error("the image says that it is based on `{text}`")]
    BaseName {
        /// What it says.
        text: String,
        /// Why that is no name.
        source: ReferenceError,
    },
    /// Its platforms have different bases.
    #[error("the image says of its platforms that they are based on different images: {}", join(names))]
    SeveralBases {
        /// Some of them.
        names: Vec<Reference>,
    },
    /// It does not say by digest what it is based on.
    #[error("the image does not say by digest what it is based on for {platform}")]
    NoBaseDigest {
        /// The platform.
        platform: Platform,
    },
    /// A base is not there.
    #[error("there is no {which} base {name}")]
    NoBase {
        /// Which.
        which: &'static str,
        /// Its name.
        name: String,
    },
    /// A base cannot be read.
    #[error("cannot read the {which} base {name}")]
    Base {
        /// Which.
        which: &'static str,
        /// Its name.
        name: String,
        /// Why not.
        source: ImageError,
    },
    /// A base is not made for a platform of the image.
    #[error("the {which} base {name} has no {platform}; it has {}", join(present))]
    Platform {
        /// Which.
        which: &'static str,
        /// Its name.
        name: String,
        /// The platform.
        platform: Platform,
        /// What it has.
        present: Vec<Platform>,
    },
    /// A config is not one of an image.
    #[error("{place}: {digest} is not the config of an image")]
    Config {
        /// Where it lies.
        place: String,
        /// The config.
        digest: Digest,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Base and image do not fit.
    #[error("{platform} cannot be put onto the new base")]
    Image {
        /// Of which platform.
        platform: Platform,
        /// Why not.
        source: RebaseProblem,
    },
    /// The list of platforms cannot be written.
    #[error("the list of the image's platforms cannot be written again")]
    Index(#[source] RebaseProblem),
    /// The name was given to another image meanwhile.
    #[error(
        "{name} was moved by somebody else meanwhile: it named {}, and names {}",
        or_nothing(before),
        or_nothing(now)
    )]
    Moved {
        /// The name.
        name: String,
        /// What it named at first.
        before: Option<Digest>,
        /// What it names now.
        now: Option<Digest>,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Place(#[from] ImageError),
}

fn join(some: &[impl ToString]) -> String {
    some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn or_nothing(digest: &Option<Digest>) -> String {
    digest.as_ref().map_or_else(|| "nothing".to_owned(), Digest::to_string)
}
