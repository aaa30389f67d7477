use super::text;
use consign_oci::Platform;
use consign_receipt::Stage;
use serde::Serialize;

/// One thing to do for an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// What.
    pub stage: Stage,
    /// For which platform, if for one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text::option")]
    pub platform: Option<Platform>,
}
