use crate::{Descriptor, Digest, Exact, Index, Manifest, media_type};

/// Largest manifest, config or page of a list that is read, in bytes. Registries need only take manifests of 4 MiB (distribution-spec,
/// "Pushing Manifests"); twice that leaves room for those that take more, and bounds what a stranger's registry can make a reader hold.
pub const DOCUMENT_LIMIT: u64 = 8 << 20;

/// What a tag or digest names on a registry: a list of manifests or one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A list of manifests.
    Index(Exact<Index>),
    /// One image or artifact.
    Manifest(Exact<Manifest>),
}

/// Bytes that are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The media type is not one of a manifest.
    #[error("`{media_type}` is not a manifest type that consign knows")]
    MediaType {
        /// What was stated.
        media_type: String,
    },
    /// The bytes are no JSON object. A parser may take a list for the fields of one, which other readers refuse.
    #[error("not a valid `{media_type}`: it does not begin with `{{`")]
    NotAnObject {
        /// What was stated.
        media_type: String,
    },
    /// The bytes are not the JSON that the media type says.
    #[error("not a valid `{media_type}`")]
    Json {
        /// What was stated.
        media_type: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The document states another type than it was served as, which would let two readers see two things in the same bytes.
    #[error("served as `{served}`, but the document says `{stated}`")]
    Disagreement {
        /// The type it was served or described as.
        served: String,
        /// The type in the document.
        stated: String,
    },
}

impl Document {
    /// Parses a manifest that was described or served as `media_type`.
    pub fn read(media_type: &str, bytes: Vec<u8>) -> Result<Self, DocumentError> {
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(DocumentError::NotAnObject { media_type: media_type.to_owned() });
        }
        let json = |source| DocumentError::Json { media_type: media_type.to_owned(), source };
        let document = if media_type::is_index(media_type) {
            Self::Index(Exact::read(bytes).map_err(json)?)
        } else if media_type::is_manifest(media_type) {
            Self::Manifest(Exact::read(bytes).map_err(json)?)
        } else {
            return Err(DocumentError::MediaType { media_type: media_type.to_owned() });
        };
        if document.media_type() != media_type {
            let stated = document.media_type().to_owned();
            return Err(DocumentError::Disagreement { served: media_type.to_owned(), stated });
        }
        Ok(document)
    }

    /// Returns the media type.
    pub fn media_type(&self) -> &str {
        match self {
            Self::Index(index) => &index.media_type,
            Self::Manifest(manifest) => &manifest.media_type,
        }
    }

    /// Returns the exact bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Index(index) => index.bytes(),
            Self::Manifest(manifest) => manifest.bytes(),
        }
    }

    /// Returns the digest of the bytes.
    pub fn digest(&self) -> &Digest {
        match self {
            Self::Index(index) => index.digest(),
            Self::Manifest(manifest) => manifest.digest(),
        }
    }

    /// Returns the descriptor of the bytes.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type(), self.digest().clone(), self.bytes().len() as u64)
    }

    /// Returns what the document refers to, in the order in which it must be published: the config and layers of an image, the manifests of an
    /// index.
    pub fn children(&self) -> Vec<&Descriptor> {
        match self {
            Self::Index(index) => index.manifests.iter().collect(),
            Self::Manifest(manifest) => manifest.layers.iter().chain([&manifest.config]).collect(),
        }
    }

    /// Returns the manifest that this one is about, if it is about one.
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Index(index) => index.subject.as_ref(),
            Self::Manifest(manifest) => manifest.subject.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_object() {
        let empty = serde_json::to_string(&Descriptor::empty()).unwrap();
        let manifest = format!(r#"[2, "{}", null, {empty}, [], null, {{}}]"#, media_type::MANIFEST);
        let index = format!(r#"[2, "{}", null, [], null, {{}}]"#, media_type::INDEX);
        let texts = [manifest.as_str(), &index, "[]", " []", "", "null", "\"{\"", "\u{feff}{}"];
        for media_type in media_type::MANIFESTS {
            for text in texts {
                let error = Document::read(media_type, text.as_bytes().to_vec()).unwrap_err();
                assert!(matches!(error, DocumentError::NotAnObject { .. }), "{media_type} {text}: {error}");
            }
        }
        let image = format!(r#" {{"schemaVersion": 2, "config": {empty}, "layers": []}}"#);
        Document::read(media_type::MANIFEST, image.into_bytes()).unwrap();
    }
}
