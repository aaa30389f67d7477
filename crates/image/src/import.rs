use crate::graph::{DEPTH_LIMIT, is_document};
use crate::sink::pour;
use crate::{ImageError, Place, children};
use consign_oci::{Algorithm, Descriptor, Digest};
use consign_store::Store;
use std::collections::BTreeSet;
use std::pin::Pin;

/// Most manifests that one image may be made of.
const MANIFEST_LIMIT: usize = 1_000;
/// Largest blob that is brought in, in bytes.
const BLOB_LIMIT: u64 = 64 << 30;

/// Brings an image into the store: manifests, configs and layers, each checked against its descriptor, children before parents.
///
/// Blobs that the store has in full are not read again. If anything fails, the root manifest is not brought in.
pub async fn import(place: &Place, root: &Descriptor, store: &Store) -> Result<(), ImageError> {
    Import { place, store, root, seen: BTreeSet::new() }.manifest(root, 1).await
}

struct Import<'a> {
    place: &'a Place,
    store: &'a Store,
    root: &'a Descriptor,
    seen: BTreeSet<Digest>,
}

impl Import<'_> {
    fn manifest<'b>(
        &'b mut self,
        descriptor: &'b Descriptor,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<(), ImageError>> + Send + 'b>> {
        Box::pin(async move {
            if !self.seen.insert(descriptor.digest.clone()) {
                return Ok(());
            }
            if self.seen.len() > MANIFEST_LIMIT {
                let (place, digest) = (self.place.describe(), self.root.digest.clone());
                return Err(ImageError::TooMany { place, digest, limit: MANIFEST_LIMIT });
            }
            if depth > DEPTH_LIMIT {
                let (place, digest) = (self.place.describe(), descriptor.digest.clone());
                return Err(ImageError::TooDeep { place, digest, limit: DEPTH_LIMIT });
            }
            self.check_algorithm(&descriptor.digest)?;
            let document = self.place.exact_document(descriptor).await?;
            for child in children(&document) {
                if is_document(child) {
                    self.manifest(child, depth + 1).await?;
                } else {
                    self.blob(child).await?;
                }
            }
            self.store.put(document.bytes())?;
            Ok(())
        })
    }

    fn check_algorithm(&self, digest: &Digest) -> Result<(), ImageError> {
        match digest.algorithm() {
            Algorithm::Sha256 => Ok(()),
            Algorithm::Sha512 => Err(ImageError::Algorithm { place: self.place.describe(), digest: digest.clone() }),
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<(), ImageError> {
        let (place, digest) = (|| self.place.describe(), || descriptor.digest.clone());
        self.check_algorithm(&descriptor.digest)?;
        if self.store.has(descriptor) {
            return Ok(());
        }
        if descriptor.size > BLOB_LIMIT {
            let (size, limit) = (descriptor.size, BLOB_LIMIT);
            return Err(ImageError::TooLarge { place: place(), digest: digest(), size, limit });
        }
        loop {
            let mirrors = self.place.mirrors();
            match self.copy(descriptor).await {
                Err(_) if self.place.mirrors() < mirrors => {}
                copied => return copied,
            }
        }
    }

    async fn copy(&self, descriptor: &Descriptor) -> Result<(), ImageError> {
        let mut writer = self.store.writer()?;
        pour(self.place, descriptor, &mut writer, self.store.root()).await?;
        writer.commit(Some(&descriptor.digest))?;
        Ok(())
    }
}
