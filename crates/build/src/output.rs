use crate::runtime::merge;
use crate::segments::StoredSegments;
use crate::specification::RuntimeSpecification;
use consign_image::Base;
use consign_oci::layer::{self, Entry, Layer};
use consign_oci::{
    Descriptor, Digest, Exact, History, ImageConfig, Manifest, Platform, RootFilesystem, RuntimeConfig, annotation,
    media_type,
};
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::thread;

/// An image that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The layer cannot be written.
    #[error("cannot write the layer")]
    Layer {
        /// Why not.
        source: io::Error,
    },
    /// A manifest or config cannot be written as JSON.
    #[error("cannot write the {what} as JSON")]
    Json {
        /// Which document.
        what: &'static str,
        /// Why not.
        source: serde_json::Error,
    },
    /// A time is beyond what RFC 3339 can write.
    #[error("{seconds} seconds since 1970 is no time that can be written")]
    Time {
        /// The time.
        seconds: u64,
    },
}

/// Everything that decides an image's bytes.
pub(crate) struct Contents<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) runtime: &'a RuntimeSpecification,
    pub(crate) base: Option<&'a Base>,
    pub(crate) segments: Vec<Vec<Entry>>,
    /// In seconds since 1970.
    pub(crate) created: u64,
    pub(crate) created_by: &'static str,
    pub(crate) annotations: &'a BTreeMap<String, String>,
}

/// An image whose blobs are in the store.
pub(crate) struct Written {
    pub(crate) manifest: Exact<Manifest>,
    pub(crate) config: Exact<ImageConfig>,
    pub(crate) layers: Vec<Layer>,
    /// Whether all layers were made here, and so seen by the observer: those of a base image are not.
    pub(crate) observed: bool,
}

/// Returns a time as RFC 3339 writes it.
fn rfc3339(seconds: u64) -> Result<String, OutputError> {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string()).ok_or(OutputError::Time { seconds })
}

/// Writes layer, config and manifest to the store.
pub(crate) fn write(
    contents: Contents<'_>,
    store: &Store,
    observer: &mut dyn FnMut(&Entry),
) -> Result<Written, OutputError> {
    let created = rfc3339(contents.created)?;
    let base_config = contents.base.map(|base| base.config.clone());
    let mut layers = contents.base.map(Base::layers).unwrap_or_default();
    let mut history = base_config.as_ref().map(|config| config.history.clone()).unwrap_or_default();
    let layer = write_layer(&contents.segments, store, observer)?;
    history.push(History {
        created: Some(created.clone()),
        created_by: Some(contents.created_by.to_owned()),
        empty_layer: layer.is_none(),
    });
    layers.extend(layer);

    let config = ImageConfig {
        created: Some(created.clone()),
        platform: contents.platform.clone(),
        config: merge(base_config.map_or_else(RuntimeConfig::default, |config| config.config), contents.runtime),
        rootfs: RootFilesystem::new(layers.iter().map(|layer| layer.diff_id.clone()).collect()),
        history,
    };
    let config = Exact::write(config).map_err(|source| OutputError::Json { what: "config", source })?;
    let descriptors = layers.iter().map(|layer| layer.descriptor.clone()).collect();
    let mut manifest = Manifest::new(config.descriptor(media_type::CONFIG), descriptors);
    manifest.annotations = annotations(&contents, created);
    let manifest = Exact::write(manifest).map_err(|source| OutputError::Json { what: "manifest", source })?;
    store.put(config.bytes())?;
    store.put(manifest.bytes())?;
    Ok(Written { manifest, config, layers, observed: contents.base.is_none() })
}

fn write_layer(
    segments: &[Vec<Entry>],
    store: &Store,
    observer: &mut dyn FnMut(&Entry),
) -> Result<Option<Layer>, OutputError> {
    if segments.is_empty() {
        return Ok(None);
    }
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut blob = store.writer()?;
    let diff_id = layer::write_layer(segments, &mut blob, &StoredSegments(store), threads, observer)
        .map_err(|source| OutputError::Layer { source })?;
    let (digest, size) = blob.commit(None)?;
    Ok(Some(Layer { descriptor: Descriptor::new(media_type::LAYER_GZIP, digest, size), diff_id }))
}

fn annotations(contents: &Contents<'_>, created: String) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::from([(annotation::CREATED.to_owned(), created)]);
    if let Some(base) = contents.base {
        let digest: &Digest = base.manifest.digest();
        annotations.insert(annotation::BASE_DIGEST.to_owned(), digest.to_string());
        if let Some(name) = &base.name {
            annotations.insert(annotation::BASE_NAME.to_owned(), name.clone());
        }
    }
    annotations.extend(contents.annotations.clone());
    annotations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_as_rfc_3339() {
        assert_eq!(rfc3339(0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_700_000_000).unwrap(), "2023-11-14T22:13:20Z");
        assert!(rfc3339(u64::MAX).is_err());
    }
}
