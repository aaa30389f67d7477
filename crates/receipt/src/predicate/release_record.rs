use crate::{AdvisoryRules, ImageRules, Policy, Requirement};
use consign_oci::{Digest, Platform, Repository, Tag};
use serde::{Deserialize, Serialize};

/// What was released where. Signatures bind no tag; with this record a tag that was moved to another signed image is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseRecord {
    /// Name of the image in the configuration.
    pub image: String,
    /// The version released, which orders records of one image: a Semantic Version, or a commit.
    pub version: String,
    /// When the source was last changed, RFC 3339: orders records of one version.
    pub time: String,
    /// Digest of the index.
    pub index: Digest,
    /// The images in the index.
    pub platforms: Vec<ReleasedPlatform>,
    /// Repositories and the tags that were to name the index there.
    pub destinations: Vec<ReleasedDestination>,
    /// Digest of the plan.
    pub plan: Digest,
    /// Digest of the policy that the release passed.
    pub policy: Digest,
    /// What that policy asked for. Empty in records from before this was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// How much it tolerated of what advisories said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<AdvisoryRules>,
    /// What it refused of what settings and files said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_rules: Option<ImageRules>,
}

impl ReleaseRecord {
    /// Returns a policy that asks for what the release had to show; the default one where the record does not say. It trusts nobody.
    pub fn required(&self) -> Policy {
        let policy = Policy::new(self.requirements.iter().copied());
        let policy = self.advisories.iter().cloned().fold(policy, Policy::tolerating);
        self.image_rules.iter().cloned().fold(policy, Policy::judging)
    }
}

/// One image of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedPlatform {
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest.
    pub digest: Digest,
    /// Digest of the tests that were planned for it, and of which a trial passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Digest>,
}

/// One repository that a release went to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedDestination {
    /// The repository.
    pub repository: Repository,
    /// Tags, most specific first.
    pub tags: Vec<Tag>,
}
