use crate::Identity;
use consign_oci::{Digest, Reference};
use serde::{Deserialize, Serialize};

/// From where an image was copied to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyRecord {
    /// What it was called where it came from, with its digest.
    pub source: String,
    /// The repository and tag that it was copied to.
    pub destination: Reference,
    /// Digest of the index.
    pub index: Digest,
    /// When it was there, RFC 3339.
    pub time: String,
    /// By whose signatures it had been verified before; `None`: nobody asked for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<Identity>,
}
