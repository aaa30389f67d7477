use super::Rebase;
use super::join::Single;
use crate::Count;
use crate::copier::{AT_ONCE, lock};
use consign_image::{ImageError, Place, Pushed, Sink};
use consign_oci::{Descriptor, Digest, Document, media_type};
use futures::stream::{self, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

impl Rebase<'_> {
    /// Brings all that the images are made of to where they are to lie, and what they are listed by, but not the name: layers, configs, manifests.
    pub(super) async fn bring(&self, images: &[&Single], root: &Document) -> Result<Count, ImageError> {
        let count = Mutex::new(Count::default());
        let layers = self.layers(images).into_values().map(Ok);
        let bring = stream::iter(layers).try_for_each_concurrent(AT_ONCE, |(layer, place)| {
            let count = &count;
            async move {
                let pushed = match self.dry_run {
                    true if self.sink.has_blob(layer).await? => Pushed::Existed,
                    true => Pushed::Uploaded,
                    false => self.sink.put_blob(layer, place).await?,
                };
                lock(count).blob(layer, pushed);
                Ok::<_, ImageError>(())
            }
        });
        bring.await?;
        for image in images.iter().filter(|_| !self.dry_run) {
            let descriptor = image.manifest.config.plain();
            let pushed = self.sink.put_bytes(&descriptor, image.config.bytes()).await?;
            lock(&count).blob(&descriptor, pushed);
            // Its name writes the only one.
            if image.manifest.digest() != root.digest() {
                let document = Document::Manifest(image.manifest.clone());
                self.sink.put_document(&document, document.digest()).await?;
                lock(&count).manifests += 1;
            }
        }
        Ok(*lock(&count))
    }

    /// Returns the layers that may not be there yet, each with where it lies.
    fn layers<'b>(&'b self, images: &[&'b Single]) -> BTreeMap<&'b Digest, (&'b Descriptor, &'b Place)> {
        let originals = self.original.platforms.iter().flat_map(|entry| &entry.image.manifest.layers);
        let own: BTreeSet<&Digest> = originals.map(|layer| &layer.digest).collect();
        let are_there = self.sink.shares(self.image);
        let all = images.iter().flat_map(|image| &image.manifest.layers);
        let all = all.filter(|layer| !media_type::is_foreign(&layer.media_type));
        all.filter_map(|layer| match own.contains(&layer.digest) {
            true if are_there => None,
            true => Some((&layer.digest, (layer, self.image))),
            false => Some((&layer.digest, (layer, &self.bases.new))),
        })
        .collect()
    }
}

/// Returns whether the name is still what it was.
pub(super) async fn names(sink: &Sink, before: Option<&Descriptor>) -> Result<Result<(), Option<Digest>>, ImageError> {
    let now = sink.before().await?.map(|now| now.digest);
    Ok(if now.as_ref() == before.map(|before| &before.digest) { Ok(()) } else { Err(now) })
}
