//! What is in images: listed from their layers, wherever they lie.

use crate::ReleaseError;
use crate::produce::Image;
use consign_image::{ImageError, Place};
use consign_inventory::{Budget, Catalogue, Described, InventoryError, LayerContents, Observer, layers, read_layer};
use consign_oci::layer::Layer;
use consign_oci::{Descriptor, Digest, Platform, StatedBase};
use consign_receipt::Receipt;
use consign_store::Store;
use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;

/// What is kept in the store of layers and images that were read before.
pub(crate) const LAYER_KIND: &str = "layer-contents";
const CATALOGUE_KIND: &str = "catalogue";
/// Largest of it that is read again, in bytes.
const KEPT_LIMIT: u64 = 256 << 20;
/// Most layers of an image that are read at the same time.
const THREADS: usize = 4;

/// Reads layers on threads of their own, within bounds for all images that it reads. Whoever drops it ends what it reads.
pub(crate) struct Reading {
    store: Store,
    budget: Budget,
}

impl Reading {
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), budget: Budget::default() }
    }

    /// Lists what is in an image that lies at this place. Fails if it is not what its config says. Layers are not brought into the store: what
    /// they hold is kept there, so that each is read once, whatever image has it.
    pub(crate) async fn list(&self, place: &Place, image: &Image<'_>) -> Result<Catalogue, ReleaseError> {
        let layers = layers(image.manifest, image.config).map_err(|source| image.not_listed(source))?;
        let key = key(CATALOGUE_KIND, image.manifest.digest());
        let (store, budget, place) = (self.store.clone(), self.budget.clone(), place.clone());
        let config = image.config.clone();
        let runtime = Handle::current();
        let work = move || {
            if let Some(kept) = store.derived(CATALOGUE_KIND, &key, KEPT_LIMIT)
                && let Ok(catalogue) = serde_json::from_slice(&kept)
            {
                return Ok(catalogue);
            }
            let reader = LayerReader { store: &store, budget: &budget.of_image(), place: &place, runtime: &runtime };
            let mut observer = Observer::new();
            for contents in reader.all(&layers)? {
                observer.add(contents)?;
            }
            let catalogue = observer.finish_image(&config)?;
            if let Some(bytes) = catalogue.to_bytes() {
                store.keep_derived(CATALOGUE_KIND, &key, &bytes);
            }
            Ok(catalogue)
        };
        on_a_thread(work).await?.map_err(|error| match error {
            Unlisted::Place(source) => source.into(),
            Unlisted::Inventory(source) => image.not_listed(*source),
        })
    }
}

/// Returns the key under which something is kept that follows from what has this digest, or these parts. No part has a line break.
pub(crate) fn key(kind: &str, of: impl fmt::Display) -> Digest {
    Digest::of(format!("{kind} {} {} {of}", LayerContents::FORMAT, env!("CARGO_PKG_VERSION")).as_bytes())
}

/// Returns the key under which what a layer holds is kept. A config may claim anything of a blob: it is the two together that were checked when the
/// blob was read.
pub(crate) fn layer_key(layer: &Layer) -> Digest {
    key(LAYER_KIND, format_args!("{} {}", layer.diff_id, layer.descriptor.digest))
}

/// Why an image cannot be listed.
enum Unlisted {
    /// A layer cannot be had.
    Place(ImageError),
    /// It cannot be understood.
    Inventory(Box<InventoryError>),
}

impl From<InventoryError> for Unlisted {
    fn from(error: InventoryError) -> Self {
        Self::Inventory(Box::new(error))
    }
}

/// Reads the layers of an image, several at the same time.
struct LayerReader<'a> {
    store: &'a Store,
    budget: &'a Budget,
    place: &'a Place,
    runtime: &'a Handle,
}

impl LayerReader<'_> {
    /// Returns what the layers hold, in order. The first failure, in their order, is that of all.
    fn all(&self, layers: &[Layer]) -> Result<Vec<Arc<LayerContents>>, Unlisted> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        let work = || {
            while let Some((index, layer)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, layers.get(index)?)))
            {
                let result = self.one(layer);
                if result.is_err() {
                    // What is read after it is of no use.
                    next.store(layers.len(), Ordering::Relaxed);
                }
                results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(layers.len()).min(THREADS);
        thread::scope(|scope| {
            (1..threads).for_each(|_| _ = scope.spawn(work));
            work();
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn one(&self, layer: &Layer) -> Result<Arc<LayerContents>, Unlisted> {
        let key = layer_key(layer);
        let kept = self.store.derived(LAYER_KIND, &key, KEPT_LIMIT);
        if let Some(contents) = kept.and_then(|bytes| LayerContents::from_bytes(&bytes)) {
            contents.count(self.budget)?;
            return Ok(Arc::new(contents));
        }
        let _turn = self.budget.layer();
        let contents = read_layer(layer, self.open(&layer.descriptor)?, self.budget)?;
        if let Some(bytes) = contents.to_bytes() {
            self.store.keep_derived(LAYER_KIND, &key, &bytes);
        }
        Ok(Arc::new(contents))
    }

    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, Unlisted> {
        if let Place::Registry { .. } = self.place {
            let reader = self.runtime.block_on(self.place.reader(descriptor)).map_err(Unlisted::Place)?;
            return Ok(Box::new(SyncIoBridge::new_with_handle(reader, self.runtime.clone())));
        }
        self.place.file(descriptor).map_err(Unlisted::Place)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.budget.end();
    }
}

/// Does work that takes its time, so that other tasks, and whoever asks the run to end, do not wait for it.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ReleaseError> {
    tokio::task::spawn_blocking(work).await.map_err(ReleaseError::Task)
}

impl Image<'_> {
    /// Returns the SBOM of the image, in which this was found.
    pub(crate) fn sbom(&self, catalogue: &Catalogue) -> Result<Receipt, ReleaseError> {
        let base = StatedBase::of(&self.manifest.annotations, &self.config.rootfs.diff_ids);
        let described = Described {
            name: self.name,
            repository: None,
            digest: self.manifest.digest(),
            platform: self.platform,
            created: self.config.created.as_deref(),
            layers: &self.config.rootfs.diff_ids,
            base: base.as_ref(),
        };
        sbom(catalogue, &described)
    }

    /// Returns what the settings and files of the image say, as it was found in it.
    pub(crate) fn facts(&self, catalogue: &Catalogue) -> Result<Receipt, ReleaseError> {
        facts(catalogue, self.name, self.platform, self.manifest.digest())
    }

    pub(crate) fn not_listed(&self, source: InventoryError) -> ReleaseError {
        not_listed(self.name, self.platform, source)
    }
}

/// Returns the SBOM of an image, in which this was found.
pub(crate) fn sbom(catalogue: &Catalogue, image: &Described<'_>) -> Result<Receipt, ReleaseError> {
    let document = catalogue.spdx(image);
    let receipt = document.and_then(|document| consign_inventory::receipt(document, image.digest));
    receipt.map_err(|source| ReleaseError::Sbom {
        image: image.name.to_owned(),
        platform: image.platform.clone(),
        source,
    })
}

pub(crate) fn not_listed(name: &str, platform: &Platform, source: InventoryError) -> ReleaseError {
    ReleaseError::Inventory { image: name.to_owned(), platform: platform.clone(), source: Box::new(source) }
}

/// Returns the receipt of what the settings and files of an image say, as it was found in it.
pub(crate) fn facts(
    catalogue: &Catalogue,
    name: &str,
    platform: &Platform,
    digest: &Digest,
) -> Result<Receipt, ReleaseError> {
    let facts = catalogue.facts.as_deref().cloned().unwrap_or_default();
    let receipt = consign_inventory::facts_receipt(&facts, digest);
    receipt.map_err(|source| ReleaseError::Sbom { image: name.to_owned(), platform: platform.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::{Exact, ImageConfig, Manifest, RootFilesystem, RuntimeConfig, media_type};

    /// As empty as an archive can be.
    const EMPTY: &[u8] = &[0; 1024];

    /// An image of one layer, which holds something else by its config.
    fn image(store: &Store, layer: &[u8], holds: &[u8]) -> (Exact<Manifest>, Exact<ImageConfig>) {
        let (digest, size) = (store.put(layer).unwrap(), layer.len() as u64);
        let config = ImageConfig {
            created: None,
            author: None,
            platform: "linux/amd64".parse().unwrap(),
            config: RuntimeConfig::default(),
            rootfs: RootFilesystem::new(vec![Digest::of(holds)]),
            history: Vec::new(),
        };
        let config = Exact::write(config).unwrap();
        let layers = vec![Descriptor::new(media_type::LAYER, digest, size)];
        (Exact::write(Manifest::new(config.descriptor(media_type::CONFIG), layers)).unwrap(), config)
    }

    fn place(store: &Store) -> Place {
        Place::Store { store: store.clone(), root: None, name: "web".to_owned() }
    }

    #[test]
    fn nobody_waits_for_a_list_and_who_goes_away_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (manifest, config) = image(&store, EMPTY, EMPTY);
        let image = Image { name: "web", platform: &config.platform, manifest: &manifest, config: &config };
        let (reading, place) = (Reading::new(&store), place(&store));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = reading.list(&place, &image) => panic!("it was listed while others waited"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(reading.list(&place, &image).await.unwrap().packages, []);
        });
        let budget = reading.budget.clone();
        drop(reading);
        let layer = Layer { descriptor: manifest.layers[0].clone(), diff_id: config.rootfs.diff_ids[0].clone() };
        let ended = Observer::new().layer(&layer, EMPTY, &budget);
        assert!(matches!(ended, Err(InventoryError::Ended)));
    }

    #[tokio::test]
    async fn an_image_is_what_its_config_says() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let list = async |layer, holds| {
            let (manifest, config) = image(&store, layer, holds);
            let image = Image { name: "web", platform: &config.platform, manifest: &manifest, config: &config };
            Reading::new(&store).list(&place(&store), &image).await
        };
        assert_eq!(list(EMPTY, EMPTY).await.unwrap().packages, []);
        // The second claims to have the layer that is known now.
        for (layer, holds) in [(EMPTY, &b"something else"[..]), (&[0; 2048][..], EMPTY)] {
            let Err(ReleaseError::Inventory { source, .. }) = list(layer, holds).await else {
                panic!("another error");
            };
            assert!(matches!(*source, InventoryError::DiffId { .. }), "{source}");
        }
    }
}
