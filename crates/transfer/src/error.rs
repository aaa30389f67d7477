use crate::{Format, Refusal};
use consign_image::ImageError;
use consign_oci::{Digest, Platform};

/// An image that cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is nothing of that name.
    #[error("there is no image {name}")]
    NoImage {
        /// The name.
        name: String,
    },
    /// Several names were to go where one fits.
    #[error("{place} holds one image, and no list of tags")]
    OneName {
        /// The place.
        place: String,
    },
    /// A repository that was named has no tags.
    #[error("{place} has no tags, or is not there")]
    NoTags {
        /// The repository.
        place: String,
    },
    /// Two images were to have the same name.
    #[error("{name} is to be like {other}, which stands first, and cannot be like two")]
    Contested {
        /// The name.
        name: String,
        /// What it is to be like as well.
        other: String,
    },
    /// Nothing says when the image was made, on which it depends whether it is copied.
    #[error("nothing says when {name} was made")]
    NoTime {
        /// Its name.
        name: String,
    },
    /// The image does not show what is asked for.
    #[error("{name} is not let in")]
    Refused {
        /// Its name.
        name: String,
        /// Why not.
        source: Refusal,
    },
    /// The image could not be signed where it arrived.
    #[error("{name} could not be signed and attested")]
    Unsealed {
        /// The name that was to name it, or does.
        name: String,
        /// Why not.
        source: Refusal,
    },
    /// The image is not made for a platform that was asked for.
    #[error("{place} has no image for {}; it has {}", listed(missing), listed(present))]
    NoPlatform {
        /// Where it was looked for.
        place: String,
        /// What was asked for and is not there.
        missing: Vec<Platform>,
        /// What is there.
        present: Vec<Platform>,
    },
    /// What the name named could not be kept under another before it took another image.
    #[error("{name} is to be kept as `{backup}`, which cannot be done: {problem}")]
    Backup {
        /// The name.
        name: String,
        /// The tag for what it named.
        backup: String,
        /// Why not.
        problem: String,
    },
    /// Tags are not deleted, since something seems to be wrong.
    #[error("nothing is deleted from {place}: {problem}")]
    Prune {
        /// The place.
        place: String,
        /// What seems to be wrong.
        problem: String,
    },
    /// The image cannot be written in a format.
    #[error("{place}: {digest} cannot be written in {format}: {reason}")]
    Format {
        /// Where it lies.
        place: String,
        /// The digest of the manifest or list.
        digest: Digest,
        /// The format.
        format: Format,
        /// Why not.
        reason: String,
    },
    /// A list of which a part was to be copied cannot be written again.
    #[error("{place}: the list of the image's platforms cannot be written again")]
    Index {
        /// Where it lies.
        place: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Image(#[from] ImageError),
}

fn listed(platforms: &[Platform]) -> String {
    match platforms {
        [] => "none".to_owned(),
        some => some.iter().map(Platform::to_string).collect::<Vec<_>>().join(", "),
    }
}
