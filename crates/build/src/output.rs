use crate::runtime::merge;
use crate::specification::RuntimeSpecification;
use consign_image::layer::LayerBlob;
use consign_image::{Base, Parts, WriteError, rfc3339};
use consign_oci::layer::{Entry, Layer, LayerWatcher};
use consign_oci::{Exact, History, ImageConfig, Manifest, Platform, RuntimeConfig, annotation};
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::io;

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
    /// Manifest and config cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
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
}

/// Writes layer, config and manifest to the store.
pub(crate) fn write(contents: Contents<'_>, store: &Store, watcher: &dyn LayerWatcher) -> Result<Written, OutputError> {
    let created = rfc3339(contents.created)?;
    let base_config = contents.base.map(|base| base.config.clone());
    let mut layers = contents.base.map(Base::layers).unwrap_or_default();
    let mut history = base_config.as_ref().map(|config| config.history.clone()).unwrap_or_default();
    let layer = write_layer(&contents.segments, store, watcher)?;
    history.push(History {
        created: Some(created.clone()),
        created_by: Some(contents.created_by.to_owned()),
        empty_layer: layer.is_none(),
        ..History::default()
    });
    layers.extend(layer);

    let parts = Parts {
        platform: contents.platform.clone(),
        created: created.clone(),
        author: base_config.as_ref().and_then(|config| config.author.clone()),
        config: merge(base_config.map_or_else(RuntimeConfig::default, |config| config.config), contents.runtime),
        layers: layers.clone(),
        history,
        annotations: annotations(&contents, created),
    };
    let (manifest, config) = parts.write(store)?;
    Ok(Written { manifest, config, layers })
}

fn write_layer(
    segments: &[Vec<Entry>],
    store: &Store,
    watcher: &dyn LayerWatcher,
) -> Result<Option<Layer>, OutputError> {
    if segments.is_empty() {
        return Ok(None);
    }
    let mut blob = LayerBlob::new(store, Some(watcher.begin()))?;
    let diff_id = blob.entries(segments).map_err(|source| OutputError::Layer { source })?;
    Ok(Some(blob.commit(diff_id)?))
}

fn annotations(contents: &Contents<'_>, created: String) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::from([(annotation::CREATED.to_owned(), created)]);
    if let Some(base) = contents.base {
        annotations.extend(base.annotations());
    }
    annotations.extend(contents.annotations.clone());
    annotations
}
