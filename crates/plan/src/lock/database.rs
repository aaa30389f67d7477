use consign_oci::Digest;
use serde::{Deserialize, Serialize};

/// Which advisory database images are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedDatabase {
    /// The digest of the database.
    pub digest: Digest,
    /// The manifest of the artifact that it was published as, if it came from a registry: there it can be had again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
}
