use crate::{ImageReference, ImageReferenceError};
use consign_oci::{Digest, DigestError};
use std::fmt;
use std::str::FromStr;

/// A blob beside an image: `REF@DIGEST`, such as `ghcr.io/team/app@sha256:…` or `oci:layout@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobReference {
    /// What lies in the same place.
    pub image: ImageReference,
    /// The blob.
    pub digest: Digest,
}

/// A text that names no blob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobReferenceError {
    /// No digest stands at its end.
    #[error("`{text}` names no blob: its digest must follow, as in `ghcr.io/team/app@sha256:…`")]
    NoDigest {
        /// What was read.
        text: String,
    },
    /// The digest is malformed.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// What stands before it names no place.
    #[error(transparent)]
    Image(#[from] ImageReferenceError),
}

impl FromStr for BlobReference {
    type Err = BlobReferenceError;

    fn from_str(text: &str) -> Result<Self, BlobReferenceError> {
        let parts = text.rsplit_once('@');
        let (image, digest) =
            parts.ok_or_else(|| BlobReferenceError::NoDigest { text: text.chars().take(300).collect() })?;
        Ok(Self { digest: digest.parse()?, image: image.parse()? })
    }
}

impl fmt::Display for BlobReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.image, self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_by_its_digest() {
        let digest = Digest::of(b"x");
        for image in ["ghcr.io/team/app", "ghcr.io/team/app:1", "oci:a@b/layout:1", "store:app"] {
            let text = format!("{image}@{digest}");
            assert_eq!(text.parse::<BlobReference>().unwrap().to_string(), text);
        }
        for text in ["ghcr.io/team/app:1", "ghcr.io/team/app@sha256:1", &format!("@{digest}"), "a@"] {
            assert!(text.parse::<BlobReference>().is_err(), "{text}");
        }
    }
}
