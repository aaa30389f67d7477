use crate::TrustError;
use consign_oci::{Algorithm, Digest};
use sigstore_types::{ArtifactDigest, DigestBytes, HashAlgorithm, SignatureContent, Statement};

/// What is claimed to be signed.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// What has this digest. Ed25519 signs bytes and not digests, so that bundles of such keys over files need the bytes.
    Digest(&'a Digest),
    /// Whatever the statement in the bundle is about: the caller looks at its subjects.
    Statement,
}

impl Artifact<'_> {
    /// Returns it as `sigstore-verify` takes it. Of a statement, that is the digest of its first subject.
    pub(crate) fn resolve(&self, content: &SignatureContent) -> Result<sigstore_types::Artifact<'_>, TrustError> {
        match self {
            Self::Bytes(bytes) => Ok(sigstore_types::Artifact::from_blob(bytes)),
            Self::Digest(digest) => {
                let algorithm = match digest.algorithm() {
                    Algorithm::Sha256 => HashAlgorithm::Sha2256,
                    Algorithm::Sha512 => HashAlgorithm::Sha2512,
                };
                let bytes = DigestBytes::from_hex(digest.hex()).ok();
                let digest = bytes.and_then(|bytes| ArtifactDigest::new(algorithm, bytes).ok());
                let digest =
                    digest.ok_or_else(|| TrustError::Input { detail: "its digest is malformed".to_owned() })?;
                Ok(sigstore_types::Artifact::from_digest(digest))
            }
            Self::Statement => {
                let SignatureContent::DsseEnvelope(envelope) = content else { return Err(TrustError::NoStatement) };
                let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes())
                    .map_err(|source| TrustError::Statement { detail: source.to_string() })?;
                let digest =
                    statement.subject.iter().find_map(|subject| match (subject.digest.sha256, subject.digest.sha512) {
                        (Some(digest), _) => Some(ArtifactDigest::sha256(digest)),
                        (None, Some(digest)) => {
                            ArtifactDigest::new(HashAlgorithm::Sha2512, DigestBytes::new(digest.as_slice().to_vec()))
                                .ok()
                        }
                        (None, None) => None,
                    });
                let detail = || "no subject of it has a digest of SHA-256 or SHA-512".to_owned();
                let digest = digest.ok_or_else(|| TrustError::Statement { detail: detail() })?;
                Ok(sigstore_types::Artifact::from_digest(digest))
            }
        }
    }
}
