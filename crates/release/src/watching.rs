//! What layers hold, seen while they are written.

use crate::contents::{LAYER_KIND, key};
use consign_inventory::{Budget, FlowingLayer};
use consign_oci::Digest;
use consign_oci::layer::{Entry, LayerWatcher, WatchedLayer};
use consign_store::Store;

/// Keeps in the store what layers are seen to hold: whoever lists an image of them then need not read them.
pub(crate) struct Watching {
    store: Store,
    budget: Budget,
}

impl Watching {
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), budget: Budget::default() }
    }
}

impl LayerWatcher for Watching {
    fn begin(&self) -> Box<dyn WatchedLayer> {
        Box::new(Watched { store: self.store.clone(), layer: FlowingLayer::new(&self.budget.of_image()) })
    }
}

struct Watched {
    store: Store,
    layer: FlowingLayer,
}

impl WatchedLayer for Watched {
    fn entry(&mut self, entry: &Entry) {
        self.layer.entry(entry);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.layer.bytes(bytes);
    }

    fn end(self: Box<Self>, diff_id: &Digest) {
        // What is wrong is said when the layer is read.
        if let Some(bytes) = self.layer.finish().ok().and_then(|contents| contents.to_bytes()) {
            self.store.keep_derived(LAYER_KIND, &key(LAYER_KIND, diff_id), &bytes);
        }
    }
}
