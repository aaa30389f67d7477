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
    pub(crate) fn resolve(&self, statement: Option<&Statement>) -> Result<sigstore_types::Artifact<'_>, TrustError> {
        let digest = match self {
            Self::Bytes(bytes) => return Ok(sigstore_types::Artifact::from_blob(bytes)),
            Self::Digest(digest) => ArtifactDigest::new(algorithm_of(digest), bytes_of(digest))
                .map_err(|error| TrustError::Input { detail: error.to_string() })?,
            Self::Statement => statement.ok_or(TrustError::NoStatement)?.first_subject()?,
        };
        Ok(sigstore_types::Artifact::from_digest(digest))
    }
}

/// Returns the bytes of a digest.
pub(crate) fn bytes_of(digest: &Digest) -> Vec<u8> {
    DigestBytes::from_hex(digest.hex()).map(DigestBytes::into_bytes).unwrap_or_default()
}

/// Returns the algorithm of a digest, as bundles name it.
pub(crate) fn algorithm_of(digest: &Digest) -> HashAlgorithm {
    match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    }
}
