use crate::{Descriptor, Platform, media_type};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// An image or artifact: a config and layers (image-spec, manifest.md). Also reads Docker's schema 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// The type of this document.
    #[serde(default = "manifest_media_type")]
    pub media_type: String,
    /// Type of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image's config, or the empty document.
    pub config: Descriptor,
    /// Layers, lowest first.
    #[serde(deserialize_with = "list_or_null")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Reads a list. Where it is empty, BuildKit and other programs in Go write `null`.
fn list_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Descriptor>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Manifest {
    /// Makes the manifest of an image.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::MANIFEST.to_owned(),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Returns the artifact's type: as stated, else that of the config (distribution-spec, "Listing Referrers").
    pub fn effective_artifact_type(&self) -> &str {
        self.artifact_type.as_deref().unwrap_or(&self.config.media_type)
    }
}

/// A list of manifests, one for each platform (image-spec, image-index.md). Also reads Docker's manifest list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// The type of this document.
    #[serde(default = "index_media_type")]
    pub media_type: String,
    /// Type of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    /// Makes an index of these manifests.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::INDEX.to_owned(),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Returns the manifests that are for a platform: BuildKit's attestation entries (`unknown/unknown`) are not.
    pub fn platforms(&self) -> impl Iterator<Item = (&Platform, &Descriptor)> {
        self.manifests.iter().filter_map(|descriptor| {
            let platform = descriptor.platform.as_ref()?;
            (platform.os() != "unknown" && platform.architecture() != "unknown").then_some((platform, descriptor))
        })
    }
}

fn manifest_media_type() -> String {
    media_type::MANIFEST.to_owned()
}

fn index_media_type() -> String {
    media_type::INDEX.to_owned()
}
