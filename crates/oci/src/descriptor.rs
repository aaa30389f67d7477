use crate::{Digest, Platform, annotation, media_type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names some bytes: their type, digest and size (image-spec, descriptor.md).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the bytes.
    pub media_type: String,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// What the image runs on, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Type of an artifact, where the bytes are its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// Returns the image of the index that this entry of it holds statements about, if that is what it holds, as BuildKit puts them there.
    pub fn attests(&self) -> Option<Digest> {
        let kind = self.annotations.get(annotation::REFERENCE_TYPE)?;
        (kind == annotation::ATTESTATIONS).then(|| self.annotations.get(annotation::REFERENCE_DIGEST)?.parse().ok())?
    }

    /// Makes a descriptor of a digest and a size.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Makes the descriptor of `bytes`.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Makes the descriptor of the empty document `{}`.
    pub fn empty() -> Self {
        Self::of(media_type::EMPTY, b"{}")
    }

    /// Returns the same bytes' descriptor with nothing but type, digest and size, as a `subject` or layer is written.
    pub fn plain(&self) -> Self {
        Self::new(&self.media_type, self.digest.clone(), self.size)
    }
}
