//! What is in images: listed from their layers, as they lie in the store.

use crate::ReleaseError;
use crate::produce::Image;
use consign_inventory::{Budget, Catalogue, Described, Observer, layers};
use consign_receipt::Receipt;
use consign_store::Store;
use std::sync::Arc;

/// Reads layers on threads of their own, within bounds for all images that it reads. Whoever drops it ends what it reads.
pub(crate) struct Reading {
    store: Store,
    budget: Arc<Budget>,
}

impl Reading {
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), budget: Arc::default() }
    }

    /// Lists what is in an image. Fails if it is not what its config says.
    pub(crate) async fn list(&self, image: &Image<'_>) -> Result<Catalogue, ReleaseError> {
        let layers = layers(image.manifest, image.config).map_err(|source| image.not_listed(source))?;
        let (store, budget) = (self.store.clone(), self.budget.clone());
        let work = move || {
            let mut observer = Observer::new();
            for layer in &layers {
                let blob = store.open_blob(&layer.descriptor.digest)?;
                if let Err(error) = observer.layer(layer, blob, &budget) {
                    return Ok(Err(error));
                }
            }
            Ok::<_, ReleaseError>(observer.finish())
        };
        on_a_thread(work).await??.map_err(|source| image.not_listed(source))
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
        let digest = self.manifest.digest();
        let created = self.config.created.as_deref();
        let document = catalogue.spdx(&Described { name: self.name, digest, platform: self.platform, created });
        let receipt = document.and_then(|document| consign_inventory::receipt(document, digest));
        receipt.map_err(|source| ReleaseError::Sbom {
            image: self.name.to_owned(),
            platform: self.platform.clone(),
            source,
        })
    }

    pub(crate) fn not_listed(&self, source: consign_inventory::InventoryError) -> ReleaseError {
        let (image, platform) = (self.name.to_owned(), self.platform.clone());
        ReleaseError::Inventory { image, platform, source: Box::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_inventory::InventoryError;
    use consign_oci::layer::Layer;
    use consign_oci::{Descriptor, Digest, Exact, ImageConfig, Manifest, RootFilesystem, RuntimeConfig, media_type};

    /// An image of one layer, which is as empty as an archive can be, and holds this by its config.
    fn image(store: &Store, holds: &[u8]) -> (Exact<Manifest>, Exact<ImageConfig>) {
        let (digest, size) = (store.put(&[0; 1024]).unwrap(), 1024);
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

    #[test]
    fn nobody_waits_for_a_list_and_who_goes_away_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (manifest, config) = image(&store, &[0; 1024]);
        let image = Image { name: "web", platform: &config.platform, manifest: &manifest, config: &config };
        let reading = Reading::new(&store);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = reading.list(&image) => panic!("it was listed while others waited"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(reading.list(&image).await.unwrap().packages, []);
        });
        let budget = reading.budget.clone();
        drop(reading);
        let layer = Layer { descriptor: manifest.layers[0].clone(), diff_id: config.rootfs.diff_ids[0].clone() };
        let ended = Observer::new().layer(&layer, &[0; 1024][..], &budget);
        assert!(matches!(ended, Err(InventoryError::Ended)));
    }

    #[tokio::test]
    async fn an_image_is_what_its_config_says() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (manifest, config) = image(&store, b"something else");
        let image = Image { name: "web", platform: &config.platform, manifest: &manifest, config: &config };
        let ReleaseError::Inventory { source, .. } = Reading::new(&store).list(&image).await.unwrap_err() else {
            panic!("another error");
        };
        assert!(matches!(*source, InventoryError::DiffId { .. }), "{source}");
    }
}
