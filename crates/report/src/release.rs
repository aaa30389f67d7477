use crate::{AdvisoryReport, Outcome, Stage, StepReport};
use consign_oci::{Digest, Platform, Repository, Tag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a release went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseReport {
    /// The images, in the order of the configuration.
    pub images: Vec<ImageReport>,
    /// Who signed them, once they are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    /// What a person should look at, whether or not the release came about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Who signed a release, as others ask for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignerReport {
    /// The holder of the key with this fingerprint.
    Key(Digest),
    /// Whom a certificate names.
    Certificate {
        /// Whom: an address, or a workflow with its branch or tag.
        identity: String,
        /// Who vouches for that.
        issuer: String,
    },
}

/// How the release of one image went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// Its name in the configuration.
    pub name: String,
    /// Digest of its index. `None`: it was not assembled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Digest>,
    /// Whether it is signed where it was written to. What was not published is signed for nobody.
    pub signed: bool,
    /// Its platforms, in the order of the plan.
    pub rows: Vec<PlatformRow>,
    /// Where it went.
    pub destinations: Vec<DestinationReport>,
    /// What stands against it.
    #[serde(default)]
    pub reasons: Vec<ReasonReport>,
    /// What advisories say about it. Empty where nobody asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<AdvisoryReport>,
}

impl ImageReport {
    /// Returns whether a tag names it, or may.
    pub fn is_published(&self) -> bool {
        let mut tags = self.destinations.iter().flat_map(|destination| &destination.tags);
        tags.any(|tag| tag.state != TagState::NotMoved)
    }

    /// Returns whether any stage failed or any reason is given.
    pub fn failed(&self) -> bool {
        let failed_stage = |row: &PlatformRow| row.stages.values().any(|outcome| *outcome == Outcome::Failed);
        !self.reasons.is_empty() || self.rows.iter().any(failed_stage)
    }
}

/// How one platform of an image went through the stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformRow {
    /// What it runs on.
    #[serde(with = "platform_text")]
    pub platform: Platform,
    /// Digest of its manifest. `None`: it was not built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The stages that were planned for it.
    pub stages: BTreeMap<Stage, Outcome>,
    /// Why each step of its Dockerfile was done, or why not. Empty where nobody asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
}

/// A repository that an image was to go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DestinationReport {
    /// The repository.
    pub repository: Repository,
    /// Its tags, most specific first.
    pub tags: Vec<TagReport>,
}

/// What became of one tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagReport {
    /// The tag.
    pub tag: Tag,
    /// What became of it.
    pub state: TagState,
}

/// What became of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TagState {
    /// It names this image now, and did not before.
    Moved,
    /// It named this image before.
    Unchanged,
    /// It was to name this image, but does not.
    NotMoved,
    /// It was sent, and the registry no longer said what became of it.
    Unknown,
}

impl TagState {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Unchanged => "unchanged",
            Self::NotMoved => "not moved",
            Self::Unknown => "perhaps moved",
        }
    }
}

/// One thing that stands against a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonReport {
    /// The stage that says so.
    pub stage: Stage,
    /// The platform, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_platform_text")]
    pub platform: Option<Platform>,
    /// What is wrong, in a sentence or several lines.
    pub message: String,
}

/// Platforms as `os/architecture[/variant]`, which programs that read a report can compare.
mod platform_text {
    use consign_oci::Platform;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(platform)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Platform, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The same for platforms that may be absent.
mod optional_platform_text {
    use consign_oci::Platform;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(platform: &Option<Platform>, serializer: S) -> Result<S::Ok, S::Error> {
        match platform {
            Some(platform) => serializer.collect_str(platform),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Platform>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
