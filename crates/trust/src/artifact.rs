use crate::TrustError;
use crate::statement::Statement;
use consign_oci::{Algorithm, Digest};
use sigstore_types::{ArtifactDigest, DigestBytes, HashAlgorithm};

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
    pub(crate) fn resolve(
        &self,
        statement: Option<&Statement>,
    ) -> Result<sigstore_types::Artifact<'_>, TrustError> {
        let digest = match self {
            Self::Bytes(bytes) => return Ok(sigstore_types::Artifact::from_blob(bytes)),
            Self::Digest(digest) => {
                let algorithm = match digest.algorithm() {
                    Algorithm::Sha256 => HashAlgorithm::Sha2256,
                    Algorithm::Sha512 => HashAlgorithm::Sha2512,
                };
                let bytes = DigestBytes::from_hex(digest.hex()).ok();
                let digest = bytes.and_then(|bytes| ArtifactDigest::new(algorithm, bytes).ok());
                digest.ok_or_else(|| TrustError::Input { detail: "its digest is malformed".to_owned() })?
            }
            Self::Statement => statement.ok_or(TrustError::NoStatement)?.first_subject()?,
        };
        Ok(sigstore_types::Artifact::from_digest(digest))
    }
}
