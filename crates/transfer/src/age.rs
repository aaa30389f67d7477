use crate::TransferError;
use crate::copier::Copier;
use consign_image::Place;
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Document, Manifest, annotation};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Configs that are read at the same time.
const AT_ONCE: usize = 8;

/// How old an image must be before it is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumAge {
    /// For so long its tag must have been seen to name it.
    Seen(Duration),
    /// So long before this time it must have been made, by its own account.
    Created {
        /// How long before.
        age: Duration,
        /// The time.
        now: Timestamp,
    },
}

/// What matters of a config, which may be broken otherwise (image-spec, "Image Configuration").
#[derive(Deserialize)]
struct Config {
    created: Option<String>,
}

impl Copier<'_> {
    /// Returns whether an image was made too lately to be copied, if that matters.
    pub(crate) async fn is_young(&self, image: &Place, root: &Document) -> Result<bool, TransferError> {
        let Some(MinimumAge::Created { age, now }) = self.options.minimum_age else { return Ok(false) };
        let created = self.created(root).await?.ok_or_else(|| TransferError::NoTime { name: image.name() })?;
        Ok(created > now || now.duration_since(created).unsigned_abs() < age)
    }

    /// Returns when the youngest part of an image was made, as its annotation or its configs say.
    async fn created(&self, root: &Document) -> Result<Option<Timestamp>, TransferError> {
        let images: Vec<&Descriptor> = match root {
            Document::Manifest(manifest) => return self.created_of(manifest).await,
            Document::Index(index) => match annotated(&index.annotations) {
                Some(time) => return Ok(Some(time)),
                None => index.platforms().map(|(_, image)| image).collect(),
            },
        };
        let created = async |image: &Descriptor| match &*self.source.document(image).await? {
            Document::Manifest(manifest) => self.created_of(manifest).await,
            Document::Index(_) => Ok(None),
        };
        let times: Vec<Option<Timestamp>> = stream::iter(images).map(created).buffered(AT_ONCE).try_collect().await?;
        Ok(times.into_iter().collect::<Option<Vec<_>>>().and_then(|times| times.into_iter().max()))
    }

    async fn created_of(&self, manifest: &Manifest) -> Result<Option<Timestamp>, TransferError> {
        if let Some(time) = annotated(&manifest.annotations) {
            return Ok(Some(time));
        }
        let config = self.source.place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
        let config = serde_json::from_slice::<Config>(&config).ok();
        Ok(config.and_then(|config| config.created?.parse().ok()))
    }
}

fn annotated(annotations: &BTreeMap<String, String>) -> Option<Timestamp> {
    annotations.get(annotation::CREATED)?.parse().ok()
}
