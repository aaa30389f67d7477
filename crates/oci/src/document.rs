use crate::{Descriptor, Digest, Exact, Index, Manifest, media_type};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

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
    /// The document has what only the other kind has: who takes it for that sees another image in the same bytes (CVE-2021-41190).
    #[error("a `{media_type}` that also has `{key}`, so that it can be taken for something else")]
    BothKinds {
        /// What was stated.
        media_type: String,
        /// What it has besides.
        key: String,
    },
}

impl Document {
    /// Parses a manifest that was described or served as `media_type`.
    pub fn read(media_type: &str, bytes: Vec<u8>) -> Result<Self, DocumentError> {
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(DocumentError::NotAnObject { media_type: media_type.to_owned() });
        }
        let json = |source| DocumentError::Json { media_type: media_type.to_owned(), source };
        let other_kind: &[&str] = if media_type::is_index(media_type) { &["config", "layers"] } else { &["manifests"] };
        let keys: BTreeMap<String, Option<IgnoredAny>> = serde_json::from_slice(&bytes).map_err(json)?;
        // Programs in Go take a key for the same in whatever case, and `null` for nothing.
        let is_other = |key: &str| other_kind.iter().any(|other| other.eq_ignore_ascii_case(key));
        if let Some((key, _)) = keys.into_iter().find(|(key, value)| value.is_some() && is_other(key)) {
            return Err(DocumentError::BothKinds { media_type: media_type.to_owned(), key });
        }
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

    #[test]
    fn refuses_what_is_both_a_list_and_an_image() {
        let empty = serde_json::to_string(&Descriptor::empty()).unwrap();
        let (image, list) = (format!(r#""config": {empty}, "layers": []"#), r#""manifests": []"#);
        let read = |media_type: &str, own: &str, more: &str| {
            Document::read(media_type, format!(r#"{{"schemaVersion": 2, {own}{more}}}"#).into_bytes())
        };
        for (media_type, own, more, key) in [
            (media_type::MANIFEST, image.as_str(), r#", "manifests": []"#, "manifests"),
            (media_type::MANIFEST, &image, r#", "Manifests": [{}]"#, "Manifests"),
            (media_type::MANIFEST, &image, r#", "manifests": 7"#, "manifests"),
            (media_type::INDEX, list, r#", "layers": []"#, "layers"),
            (media_type::INDEX, list, r#", "config": {}"#, "config"),
        ] {
            let error = read(media_type, own, more).unwrap_err();
            assert!(matches!(&error, DocumentError::BothKinds { key: found, .. } if found == key), "{more}: {error}");
        }
        for (media_type, own, more) in [
            (media_type::MANIFEST, image.as_str(), r#", "manifests": null, "history": [{"layers": 1}]"#),
            (media_type::MANIFEST, &image, r#", "annotations": {"manifests": "x"}"#),
            (media_type::INDEX, list, r#", "layers": null, "config": null"#),
        ] {
            read(media_type, own, more).unwrap();
        }
    }
}
