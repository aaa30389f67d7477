//! What layers hold, seen while they are written.

use crate::contents::{LAYER_KIND, layer_key};
use bytes::Bytes;
use consign_inventory::{Budget, FlowingLayer};
use consign_oci::layer::{Layer, LayerWatcher, WatchedLayer};
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
    fn bytes(&mut self, bytes: &Bytes) {
        self.layer.bytes(bytes);
    }

    fn end(self: Box<Self>, layer: &Layer) {
        // What is wrong is said when the layer is read.
        if let Some(bytes) = self.layer.finish().ok().and_then(|contents| contents.to_bytes()) {
            self.store.keep_derived(LAYER_KIND, &layer_key(layer), &bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Reading;
    use crate::produce::Image;
    use consign_image::Place;
    use consign_oci::layer::{Entry, Kind, TarWriter};
    use consign_oci::{Descriptor, Digest, Exact, ImageConfig, Manifest, RootFilesystem, RuntimeConfig, media_type};

    fn entries() -> Vec<Entry> {
        let file = |path: &str, text: &str| Entry::new(path.parse().unwrap(), Kind::File(text.to_owned().into()));
        let large = "x".repeat(3 << 20);
        vec![file("a", &large), file("b/package.json", r#"{"name": "p", "version": "1.0.0"}"#), file("c", &large)]
    }

    /// How a layer is seen.
    enum Seen {
        Whole,
        Cut,
        NotEnded,
        Not,
    }

    #[tokio::test]
    async fn what_was_seen_is_not_read() {
        let (entries, mut archive) = (entries(), TarWriter::new(Vec::new()));
        entries.iter().for_each(|entry| archive.append(entry).unwrap());
        let tar = archive.finish().unwrap();
        let diff_id = Digest::of(&tar);
        let config = ImageConfig {
            created: None,
            author: None,
            platform: "linux/amd64".parse().unwrap(),
            config: RuntimeConfig::default(),
            rootfs: RootFilesystem::new(vec![diff_id.clone()]),
            history: Vec::new(),
        };
        let config = Exact::write(config).unwrap();
        // The blob is nowhere.
        let layer = Descriptor::new(media_type::LAYER, diff_id.clone(), tar.len() as u64);
        let layers = vec![layer.clone()];
        let layer = Layer { descriptor: layer, diff_id };
        let manifest = Exact::write(Manifest::new(config.descriptor(media_type::CONFIG), layers)).unwrap();
        let image = Image { name: "web", platform: &config.platform, manifest: &manifest, config: &config };
        for (seen, expected) in [(Seen::Whole, Some(1)), (Seen::Cut, None), (Seen::NotEnded, None), (Seen::Not, None)] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let mut watched = Watching::new(&store).begin();
            match seen {
                Seen::Whole | Seen::NotEnded => {
                    tar.chunks(100_001).for_each(|bytes| watched.bytes(&Bytes::copy_from_slice(bytes)));
                }
                Seen::Cut => watched.bytes(&Bytes::copy_from_slice(&tar[..4 << 20])),
                Seen::Not => {}
            }
            if matches!(seen, Seen::Whole | Seen::Cut) {
                watched.end(&layer);
            }
            let place = Place::Store { store: store.clone(), root: None, name: "web".to_owned() };
            let found = Reading::new(&store).list(&place, &image).await;
            assert_eq!(found.ok().map(|catalogue| catalogue.packages.len()), expected);
        }
    }
}
