use super::{PlannedStep, text};
use crate::tags::{PlannedTag, SkippedTag};
use consign_oci::{Digest, Platform, Repository};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that would happen to one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedImage {
    /// Its name in the configuration.
    pub name: String,
    /// What is released: a Semantic Version, the short commit, or a tag.
    pub version: String,
    /// Path of the file that describes it, as written.
    pub source: String,
    /// What builds it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The platforms, at least one, each once, in the order of the configuration.
    #[serde(serialize_with = "text::list")]
    pub platforms: Vec<Platform>,
    /// Where it goes; at least one.
    pub destinations: Vec<PlannedDestination>,
    /// Tags that one might have expected.
    pub skipped_tags: Vec<SkippedTag>,
    /// What is tried.
    pub tests: Vec<PlannedTrial>,
    /// Annotations of its index.
    pub annotations: BTreeMap<String, String>,
    /// Whether provenance and SBOMs lie in its index, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub embeds_attestations: bool,
    /// What is done, in order.
    pub steps: Vec<PlannedStep>,
}

/// One repository that an image goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedDestination {
    /// The repository.
    pub repository: Repository,
    /// The tags that it gets there: most specific first, `latest` last.
    pub tags: Vec<PlannedTag>,
}

/// One command that is run in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedTrial {
    /// Its name, which no other test of the image has.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Who runs it; `null` for the image's own user.
    pub user: Option<String>,
    /// Variables that it sees besides the image's own.
    pub environment: BTreeMap<String, String>,
    /// How long it may take, in seconds.
    pub timeout_seconds: u64,
    /// The exit status that it should have.
    pub exit: u8,
    /// A text that its output should contain.
    pub output: Option<String>,
    /// The platforms that it is run on; at least one.
    #[serde(serialize_with = "text::list")]
    pub platforms: Vec<Platform>,
}

impl PlannedImage {
    /// Returns the tests that are run on a platform.
    pub fn tests_on(&self, platform: &Platform) -> impl Iterator<Item = &PlannedTrial> {
        self.tests.iter().filter(|test| test.platforms.contains(platform))
    }

    /// Returns the digest of the list of tests that are run on a platform. `None` where there are none.
    pub fn tests_digest(&self, platform: &Platform) -> Result<Option<Digest>, serde_json::Error> {
        let tests: Vec<&PlannedTrial> = self.tests_on(platform).collect();
        if tests.is_empty() {
            return Ok(None);
        }
        Ok(Some(Digest::of(&serde_json::to_vec(&tests)?)))
    }

    pub(super) fn registries(&self) -> impl Iterator<Item = &str> {
        self.destinations.iter().map(|destination| destination.repository.registry())
    }
}
