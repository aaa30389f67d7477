use consign_image::{ImageError, Place};
use consign_oci::{Descriptor, Document};
use futures::future::BoxFuture;

/// Largest blob that tests read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Reads all that a manifest leads to, each part as what the manifest that lists it takes it for.
pub(crate) fn is_whole<'a>(place: &'a Place, descriptor: &'a Descriptor) -> BoxFuture<'a, Result<(), ImageError>> {
    Box::pin(async move {
        match place.document(descriptor).await? {
            Document::Index(index) => {
                for entry in &index.manifests {
                    is_whole(place, entry).await?;
                }
            }
            Document::Manifest(manifest) => {
                for part in manifest.layers.iter().chain([&manifest.config]) {
                    place.bytes(part, LIMIT).await?;
                }
            }
        }
        Ok(())
    })
}
