use consign_oci::{Digest, Target};

/// Decides whether an embedded registry takes a manifest.
pub trait Admission: Send + Sync {
    /// Admits or refuses one manifest, before it is stored.
    fn admit(&self, request: &AdmissionRequest<'_>) -> Result<(), Refusal>;
}

/// A manifest that somebody pushes.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionRequest<'a> {
    /// The repository that it is pushed to.
    pub repository: &'a str,
    /// The tag or digest that it is pushed as.
    pub target: &'a Target,
    /// Digest of its bytes.
    pub digest: &'a Digest,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Why a manifest is not taken, in words for the one who pushes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What is missing or wrong.
    pub reason: String,
}

/// Takes everything, as a plain registry does.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

impl Admission for AllowAll {
    fn admit(&self, _: &AdmissionRequest<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}
