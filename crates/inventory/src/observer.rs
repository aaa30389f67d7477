use crate::layer::{LayerContents, read_layer};
use crate::merge::Image;
use crate::{Budget, Catalogue, InventoryError};
use consign_oci::ImageConfig;
use consign_oci::layer::Layer;
use std::io::Read;
use std::sync::Arc;

/// Sees an image's layers, lowest layer first, and gives a [`Catalogue`].
///
/// Whiteouts hide what lower layers have; folders are found through links; a hard link is the file that it names. Since layers
/// are seen once, files are looked at by name; a database that is there but was not looked at is an error, never an empty catalogue.
#[derive(Default)]
pub struct Observer {
    image: Image,
}

impl Observer {
    /// Makes an observer of an image with no layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees a whole layer as it lies in a blob, and reads `blob` to its end. Fails if it holds something else than the config says.
    pub fn layer(&mut self, layer: &Layer, blob: impl Read + Send, budget: &Budget) -> Result<(), InventoryError> {
        self.add(Arc::new(read_layer(layer, blob, budget)?))
    }

    /// Takes what the next layer is known to hold.
    pub fn add(&mut self, contents: Arc<LayerContents>) -> Result<(), InventoryError> {
        self.image.add(contents)
    }

    /// Returns what is in the image.
    pub fn finish(self) -> Result<Catalogue, InventoryError> {
        self.image.finish(None)
    }

    /// Returns what is in the image that has this config, and what its settings and files say beside.
    pub fn finish_image(self, config: &ImageConfig) -> Result<Catalogue, InventoryError> {
        self.image.finish(Some(config))
    }
}
