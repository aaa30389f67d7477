use consign_oci::{Algorithm, Digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An in-toto Statement v1: a claim about some digests (in-toto attestation specification, `spec/v1/statement.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Always [`Statement::TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What the claim is about.
    pub subject: Vec<Subject>,
    /// What kind of claim it is, one of [`crate::predicate`] or a stranger's.
    pub predicate_type: String,
    /// The claim.
    pub predicate: Value,
}

/// The name of a subject that needs none (in-toto attestation framework 0.1, `statement.md`). sigstore-python refuses statements about what has none.
pub const UNNAMED: &str = "_";

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// A name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Hexadecimal digits by algorithm.
    pub digest: BTreeMap<String, String>,
    /// What else is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl Subject {
    /// Makes the subject with this digest.
    pub fn new(digest: &Digest) -> Self {
        Self { name: Some(UNNAMED.to_owned()), digest: digest_set(digest), annotations: BTreeMap::new() }
    }
}

/// Returns a digest in the form that in-toto documents have it in (`spec/v1/digest_set.md`).
pub fn digest_set(digest: &Digest) -> BTreeMap<String, String> {
    BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())])
}

impl Statement {
    /// The value of `_type`.
    pub const TYPE: &str = "https://in-toto.io/Statement/v1";

    /// Makes a statement about one digest.
    pub fn new(subject: &Digest, predicate_type: &str, predicate: Value) -> Self {
        Self {
            kind: Self::TYPE.to_owned(),
            subject: vec![Subject::new(subject)],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// Returns whether the statement is about exactly this digest and nothing else.
    pub fn is_about(&self, digest: &Digest) -> bool {
        let algorithm = match digest.algorithm() {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        matches!(&self.subject[..], [only] if only.digest.get(algorithm).is_some_and(|hex| hex == digest.hex()))
    }

    /// Returns what the statement says of what it is about, where that is text.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let annotations = self.subject.iter().flat_map(|subject| &subject.annotations);
        annotations.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }
}
