use consign_oci::layer::Layer;
use consign_oci::{Descriptor, Digest};
use consign_store::Store;
use serde::{Deserialize, Serialize};

/// What a step made, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// Its layer; `None` where it changed nothing.
    layer: Option<Blob>,
    /// In seconds since 1970. It is in nothing that is published.
    pub(crate) made: u64,
}

/// A layer and what it is unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    descriptor: Descriptor,
    diff_id: Digest,
}

impl Record {
    pub(crate) fn new(layer: Option<&Layer>, made: u64) -> Self {
        let blob = |layer: &Layer| Blob { descriptor: layer.descriptor.plain(), diff_id: layer.diff_id.clone() };
        Self { layer: layer.map(blob), made }
    }

    /// Returns the layer.
    pub(crate) fn layer(&self) -> Option<Layer> {
        let Blob { descriptor, diff_id } = self.layer.as_ref()?;
        Some(Layer { descriptor: descriptor.plain(), diff_id: diff_id.clone() })
    }

    /// Returns what the layer is unpacked.
    pub(crate) fn diff_id(&self) -> Option<&Digest> {
        self.layer.as_ref().map(|blob| &blob.diff_id)
    }

    /// Returns the blobs without which it is worth nothing.
    pub(crate) fn blobs(&self) -> Vec<Digest> {
        self.layer.iter().map(|blob| blob.descriptor.digest.clone()).collect()
    }

    /// Returns whether the store has its layer.
    pub(crate) fn is_whole(&self, store: &Store) -> bool {
        self.layer.as_ref().is_none_or(|blob| store.has(&blob.descriptor))
    }
}
