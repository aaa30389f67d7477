//! What lies in a cache: an index with an artifact for each image and platform. Its config says which step made what, its layers are those of
//! steps, and folders that are kept between builds.

use super::{CacheError, Record, Step};
use crate::buildkit::Cache;
use consign_oci::{Descriptor, Digest, Manifest, Platform, annotation, media_type};
use consign_store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Type of the index and of each artifact in it.
pub(super) const ARTIFACT: &str = "application/vnd.consign.build-cache.v1";
/// Type of an artifact's config.
const CONFIG: &str = "application/vnd.consign.build-cache.config.v1+json";
/// Config of a cache as BuildKit writes it (BuildKit, `cache/remotecache/v1`).
pub(super) const BUILDKIT: &str = "application/vnd.buildkit.cacheconfig.v0";
/// Raised when what stands in a config means something else.
const FORMAT: u32 = 1;

/// What a cache has of an image for a platform.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    format: u32,
    image: String,
    platform: Platform,
    /// What steps made, by the digests of what they follow from.
    pub(super) records: BTreeMap<Digest, Record>,
    /// Folders that are kept between builds, by name.
    pub(super) mounts: BTreeMap<String, Descriptor>,
}

impl Entry {
    /// Makes one of the steps of a build.
    pub(super) fn new(image: &str, platform: &Platform, steps: &[Step], cache: &Cache) -> Result<Self, CacheError> {
        let is_max = cache.is_max()?;
        let steps = steps.iter().filter(|step| is_max || step.is_in_image);
        let records = steps.map(|step| (step.key.clone(), step.record.clone())).collect();
        let (image, platform) = (image.to_owned(), platform.clone());
        Ok(Self { format: FORMAT, image, platform, records, mounts: BTreeMap::new() })
    }

    /// Reads one. What has another form is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|entry| entry.format == FORMAT)
    }

    /// Writes it to the store, as an artifact, and returns it as an index lists it.
    pub(super) fn write(&self, store: &Store) -> Result<Descriptor, CacheError> {
        let config = serde_json::to_vec(self)?;
        store.put(&config)?;
        let layers = self.records.values().filter_map(Record::layer).map(|layer| layer.descriptor);
        let layers = layers.chain(self.mounts.values().cloned()).map(|layer| (layer.digest.clone(), layer));
        let layers: BTreeMap<Digest, Descriptor> = layers.collect();
        let mut manifest = Manifest::new(Descriptor::of(CONFIG, &config), layers.into_values().collect());
        manifest.artifact_type = Some(ARTIFACT.to_owned());
        let manifest = serde_json::to_vec(&manifest)?;
        store.put(&manifest)?;
        let mut descriptor = Descriptor::of(media_type::MANIFEST, &manifest);
        descriptor.platform = Some(self.platform.clone());
        descriptor.artifact_type = Some(ARTIFACT.to_owned());
        descriptor.annotations.insert(annotation::TITLE.to_owned(), self.image.clone());
        Ok(descriptor)
    }
}

/// Returns whether an index lists this for the same image and platform.
pub(super) fn is_same(one: &Descriptor, other: &Descriptor) -> bool {
    is_entry(one) && one.platform == other.platform && title(one) == title(other)
}

/// Returns whether an index lists an artifact of a cache.
pub(super) fn is_entry(descriptor: &Descriptor) -> bool {
    descriptor.artifact_type.as_deref() == Some(ARTIFACT)
}

/// Returns the image that an index lists something for.
pub(super) fn title(descriptor: &Descriptor) -> Option<&str> {
    descriptor.annotations.get(annotation::TITLE).map(String::as_str)
}
