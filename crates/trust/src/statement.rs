use crate::artifact::bytes_of;
use crate::shown::shown;
use crate::{Artifact, TrustError};
use consign_oci::{Digest, media_type};
use serde::Deserialize;
use sigstore_types::{ArtifactDigest, DigestBytes, DsseEnvelope, HashAlgorithm, Subject};

/// The versions of in-toto statements that are read: cosign still writes the older one in attestations.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];

/// What every in-toto statement says (in-toto attestation framework, `spec/v1/statement.md`), without what it says of its subjects: that may be long.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    _predicate_type: String,
}

impl Statement {
    /// Reads the statement in an envelope. What is signed as something else is none, whatever its bytes are.
    pub(crate) fn read(envelope: &DsseEnvelope) -> Result<Self, TrustError> {
        if envelope.payload_type != media_type::IN_TOTO {
            let detail = format!("an envelope of `{}`", shown(&envelope.payload_type));
            return Err(TrustError::Unsupported { detail });
        }
        let statement: Self = serde_json::from_slice(envelope.payload.as_bytes())
            .map_err(|source| TrustError::Statement { detail: shown(&source.to_string()) })?;
        match TYPES.contains(&statement.kind.as_str()) {
            true => Ok(statement),
            false => Err(TrustError::Statement { detail: format!("it is a `{}`", shown(&statement.kind)) }),
        }
    }

    /// Returns the digest of its first subject that has one.
    pub(crate) fn first_subject(&self) -> Result<ArtifactDigest, TrustError> {
        let digest = self.subject.iter().find_map(|subject| match (subject.digest.sha256, subject.digest.sha512) {
            (Some(digest), _) => Some(ArtifactDigest::sha256(digest)),
            (None, Some(digest)) => {
                ArtifactDigest::new(HashAlgorithm::Sha2512, DigestBytes::new(digest.as_slice().to_vec())).ok()
            }
            (None, None) => None,
        });
        let detail = "no subject of it has a digest of SHA-256 or SHA-512";
        digest.ok_or_else(|| TrustError::Statement { detail: detail.to_owned() })
    }

    /// Fails unless the artifact is one of its subjects. What the caller looks at is not looked at here.
    pub(crate) fn check_subject(&self, artifact: Artifact<'_>) -> Result<(), TrustError> {
        let digest = match artifact {
            Artifact::Statement => return Ok(()),
            Artifact::Bytes(bytes) => Digest::of(bytes),
            Artifact::Digest(digest) => digest.clone(),
        };
        let bytes = bytes_of(&digest);
        // Of the two algorithms, none has digests as long as the other's.
        let is_it = |subject: &Subject| {
            let (sha256, sha512) = (subject.digest.sha256.as_ref(), subject.digest.sha512.as_ref());
            sha256.is_some_and(|digest| digest.as_slice() == bytes)
                || sha512.is_some_and(|digest| digest.as_slice() == bytes)
        };
        match self.subject.iter().any(is_it) {
            true => Ok(()),
            false => Err(TrustError::OtherArtifact { detail: format!("no subject of the statement is {digest}") }),
        }
    }
}
