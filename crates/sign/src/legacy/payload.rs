use crate::Annotations;
use consign_oci::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Media type of what is signed in the older form (containers/image, `docs/containers-signature.5.md`).
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// What cosign writes as the type of such a document.
const TYPE: &str = "cosign container image signature";

/// What is signed in the older form: a small document that names the image and its repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    critical: Critical,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Why a document is not the signature of an image.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// It is not such a document.
    #[error("the signed bytes are no signature of an image")]
    Read {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It is of another type.
    #[error("the signed document is a `{kind}`: expected `{TYPE}`")]
    Kind {
        /// What it says.
        kind: String,
    },
    /// It names another image.
    #[error("the signed document names {found}: expected {expected}")]
    Image {
        /// The image in it.
        found: String,
        /// The image that it should name.
        expected: Digest,
    },
}

impl Payload {
    /// Makes the document about an image, as cosign does: `repository` is where the image lies, without tag or digest.
    pub fn new(repository: &str, digest: &Digest, annotations: &Annotations) -> Self {
        let optional = annotations.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        Self {
            critical: Critical {
                identity: Identity { reference: repository.to_owned() },
                image: Image { digest: digest.to_string() },
                kind: TYPE.to_owned(),
            },
            optional: (!annotations.is_empty()).then(|| optional.collect()),
        }
    }

    /// Reads such a document. Nothing is verified.
    pub fn read(bytes: &[u8]) -> Result<Self, PayloadError> {
        serde_json::from_slice(bytes).map_err(|source| PayloadError::Read { source })
    }

    /// Fails unless the document is the signature of this image.
    pub fn check(&self, digest: &Digest) -> Result<(), PayloadError> {
        // What podman signs with the same keys is called `atomic container signature`.
        if self.critical.kind != TYPE && self.critical.kind != "atomic container signature" {
            return Err(PayloadError::Kind { kind: clip(&self.critical.kind) });
        }
        if self.critical.image.digest != digest.to_string() {
            let found = clip(&self.critical.image.digest);
            return Err(PayloadError::Image { found, expected: digest.clone() });
        }
        Ok(())
    }

    /// Returns the repository that the document names.
    pub fn repository(&self) -> &str {
        &self.critical.identity.reference
    }

    /// Returns what else it says; other values than texts are left out.
    pub fn annotations(&self) -> Annotations {
        let optional = self.optional.iter().flatten();
        optional.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// Writes the document with its keys in cosign's order.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

fn clip(text: &str) -> String {
    text.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_of_cosign() {
        let digest = Digest::of(b"image");
        let written = |annotations: &Annotations| {
            let payload = Payload::new("registry.example/team/app", &digest, annotations);
            assert_eq!(Payload::read(&payload.to_bytes().unwrap()).unwrap(), payload);
            assert_eq!(payload.annotations(), *annotations);
            assert_eq!(payload.repository(), "registry.example/team/app");
            payload.check(&digest).unwrap();
            String::from_utf8(payload.to_bytes().unwrap()).unwrap()
        };
        let critical = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"registry.example/team/app"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}}"#
        );
        assert_eq!(written(&Annotations::new()), format!(r#"{critical},"optional":null}}"#));
        let annotations = Annotations::from([("team".to_owned(), "base".to_owned())]);
        assert_eq!(written(&annotations), format!(r#"{critical},"optional":{{"team":"base"}}}}"#));
    }

    #[test]
    fn tells_what_is_no_signature_of_an_image() {
        let digest = Digest::of(b"image");
        let document = |kind: &str, digest: &str| {
            format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"a"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"{kind}"}},"optional":{{"creator":"cosign","timestamp":7}}}}"#
            )
        };
        let read = |text: &str| Payload::read(text.as_bytes());
        let right = read(&document(TYPE, &digest.to_string())).unwrap();
        right.check(&digest).unwrap();
        assert_eq!(right.annotations(), Annotations::from([("creator".to_owned(), "cosign".to_owned())]));
        assert!(matches!(right.check(&Digest::of(b"other")), Err(PayloadError::Image { .. })));
        let other = read(&document("something else", &digest.to_string())).unwrap();
        assert!(matches!(other.check(&digest), Err(PayloadError::Kind { .. })));
        for text in ["", "{}", "[]", r#"{"critical":{"identity":{"docker-reference":"a"},"type":"x"}}"#] {
            assert!(matches!(read(text), Err(PayloadError::Read { .. })), "{text}");
        }
    }
}
