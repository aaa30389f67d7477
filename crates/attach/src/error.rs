use consign_image::ImageError;
use consign_keyless::KeylessError;
use consign_oci::{Digest, Tag};
use consign_registry::RegistryError;
use consign_sign::BundleError;
use consign_trust::{LegacyError, MatcherError};

/// Something that cannot be attached, found or taken away.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The place cannot be read or written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The registry refuses.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] BundleError),
    /// It cannot be signed without a key.
    #[error(transparent)]
    Keyless(#[from] KeylessError),
    /// What was signed in cosign's older form cannot be read.
    #[error("what was signed cannot be read")]
    Legacy(#[from] LegacyError),
    /// Whom a token names cannot be asked for.
    #[error("nobody could be asked for by what the token says")]
    Name(#[from] MatcherError),
    /// A document cannot be written.
    #[error("a document cannot be written")]
    Write(#[from] serde_json::Error),
    /// Under the tag of the older form lies something else.
    #[error(
        "{place}:{tag} is an index: signatures and attestations lie there in a manifest; delete it if nobody needs it"
    )]
    NotAManifest {
        /// Where.
        place: String,
        /// The tag.
        tag: Tag,
    },
    /// More is attached than is looked at.
    #[error("{place}: {count} manifests or layers are about {digest}, more than the {limit} allowed here")]
    TooMany {
        /// Where.
        place: String,
        /// What they are about.
        digest: Digest,
        /// How many there are.
        count: usize,
        /// How many are looked at.
        limit: usize,
    },
    /// More bytes than are read.
    #[error("{place}: more than {limit} bytes are attached to {digest}")]
    TooMuch {
        /// Where.
        place: String,
        /// What they are about.
        digest: Digest,
        /// How many bytes are read.
        limit: u64,
    },
    /// The place takes no artifacts.
    #[error(
        "{place}: nothing can be attached there; copy the image to a registry or to `oci:DIR` and attach it to that"
    )]
    Fixed {
        /// Which place.
        place: String,
    },
}
