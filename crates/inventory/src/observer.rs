use crate::layer::{LayerContents, LayerObserver, read_layer};
use crate::merge::Image;
use crate::{Budget, Catalogue, InventoryError};
use consign_oci::ImageConfig;
use consign_oci::layer::{Entry, Layer};
use std::io::Read;
use std::sync::Arc;

/// Sees an image's layers, lowest layer first, and gives a [`Catalogue`].
///
/// Whiteouts hide what lower layers have; folders are found through links; a hard link is the file that it names. Since layers
/// are seen once, files are looked at by name; a database that is there but was not looked at is an error, never an empty catalogue.
#[derive(Default)]
pub struct Observer {
    image: Image,
    /// What may be kept of what flows by.
    budget: Budget,
    flowing: Option<LayerObserver>,
    problem: Option<InventoryError>,
}

impl Observer {
    /// Makes an observer of an image with no layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the next layer, for [`Observer::entry`].
    pub fn begin_layer(&mut self) {
        self.end_layer();
        self.flowing = Some(LayerObserver::within(&self.budget));
    }

    /// Sees one entry of the current layer, as it flows from a builder. What is wrong with it is said by [`Observer::finish`].
    pub fn entry(&mut self, entry: &Entry) {
        if self.problem.is_none()
            && let Err(problem) = self.flowing.get_or_insert_with(|| LayerObserver::within(&self.budget)).entry(entry)
        {
            self.problem = Some(problem);
        }
    }

    /// Sees a whole layer as it lies in a blob, and reads `blob` to its end. Fails if it holds something else than the config says.
    pub fn layer(&mut self, layer: &Layer, blob: impl Read + Send, budget: &Budget) -> Result<(), InventoryError> {
        self.add(Arc::new(read_layer(layer, blob, budget)?))
    }

    /// Takes what the next layer is known to hold.
    pub fn add(&mut self, contents: Arc<LayerContents>) -> Result<(), InventoryError> {
        self.end_layer();
        self.image.add(contents)
    }

    /// Returns what is in the image.
    pub fn finish(self) -> Result<Catalogue, InventoryError> {
        self.finish_with(None)
    }

    /// Returns what is in the image that has this config, and what its settings and files say beside.
    pub fn finish_image(self, config: &ImageConfig) -> Result<Catalogue, InventoryError> {
        self.finish_with(Some(config))
    }

    fn finish_with(mut self, config: Option<&ImageConfig>) -> Result<Catalogue, InventoryError> {
        self.end_layer();
        match self.problem.take() {
            Some(problem) => Err(problem),
            None => self.image.finish(config),
        }
    }

    fn end_layer(&mut self) {
        if let Some(flowing) = self.flowing.take()
            && self.problem.is_none()
        {
            self.problem = self.image.add(Arc::new(flowing.finish())).err();
        }
    }
}
