use super::text;
use consign_oci::Platform;
use serde::Serialize;
use std::fmt;

/// A stage of a release, in the order that they happen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Make the image of one platform.
    Build,
    /// List what is in it.
    Inventory,
    /// Run its tests.
    Trial,
    /// Judge all platforms.
    Gate,
    /// Make the index.
    Assemble,
    /// Sign index, platforms, receipts and the release record.
    Sign,
    /// Upload, then move tags.
    Publish,
    /// Check what was published.
    Verify,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 8] = [
        Self::Build,
        Self::Inventory,
        Self::Trial,
        Self::Gate,
        Self::Assemble,
        Self::Sign,
        Self::Publish,
        Self::Verify,
    ];

    /// Returns the word for it, in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Inventory => "inventory",
            Self::Trial => "trial",
            Self::Gate => "gate",
            Self::Assemble => "assemble",
            Self::Sign => "sign",
            Self::Publish => "publish",
            Self::Verify => "verify",
        }
    }

    /// Returns whether it happens for each platform on its own.
    pub fn is_per_platform(self) -> bool {
        matches!(self, Self::Build | Self::Inventory | Self::Trial)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// One thing to do for an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// What.
    pub stage: Stage,
    /// For which platform, if for one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text::option")]
    pub platform: Option<Platform>,
}
