use crate::{ImageError, Place, children};
use consign_oci::{Descriptor, Document, Reference, Target, media_type};
use consign_registry::Client;
use consign_store::Store;
use tokio::fs::File;

impl Place {
    /// Writes an artifact of the store to a registry, by digest, after the blobs that it names: what is there stays as it is. What is no artifact
    /// but an image is refused: those pass the gate first.
    pub async fn send_artifact(&self, root: &Descriptor, store: &Store) -> Result<(), ImageError> {
        let (client, reference) = self.registry()?;
        let document = crate::graph::read_stored(store, root)?;
        match &document {
            Document::Manifest(manifest) if manifest.config.media_type != media_type::CONFIG => {}
            _ => return Err(ImageError::NotLocal { reference: reference.clone() }),
        }
        for blob in children(&document) {
            let path = store.path(&blob.digest);
            client.push_blob(&reference.repository, blob, || File::open(path.clone()), None).await?;
        }
        let target = Target::Digest(document.digest().clone());
        Ok(client.put_manifest(&reference.repository, &target, &document).await?)
    }

    /// Makes the tag of the place name a list of artifacts. A list of images is refused.
    pub async fn put_list(&self, list: &Document) -> Result<(), ImageError> {
        let (client, reference) = self.registry()?;
        match list {
            Document::Index(index) if index.artifact_type.is_some() => {}
            _ => return Err(ImageError::NotLocal { reference: reference.clone() }),
        }
        Ok(client.put_manifest(&reference.repository, &reference.target(), list).await?)
    }

    fn registry(&self) -> Result<(&Client, &Reference), ImageError> {
        match self {
            Self::Registry { client, reference } => Ok((client, reference)),
            place => Err(ImageError::NoRegistry { place: place.describe() }),
        }
    }
}
