//! Folders that are kept between builds, out of one store and into another.

use super::kept::make;
use super::step::pack;
use super::{Kitchen, RunError};
use consign_image::layer::uncompressed;
use consign_oci::Descriptor;
use consign_sandbox::{PackOptions, UnpackOptions};
use consign_store::Store;
use std::io::{self, BufReader};
use tokio::task::spawn_blocking;

impl Kitchen {
    /// Returns whether there is a folder of this name that is kept between builds.
    pub(crate) fn has_cache(&self, name: &str) -> bool {
        self.cache_folder(name).is_dir()
    }

    /// Packs the folder that is kept between builds under a name, as a layer in the store; `None` where there is none, or nothing is in it.
    pub(crate) async fn pack_cache(&self, name: &str, store: &Store) -> Result<Option<Descriptor>, RunError> {
        if !self.has_cache(name) {
            return Ok(None);
        }
        let (sandbox, folder, store) = (self.options.sandbox.clone(), self.cached_files(name), store.clone());
        let work = move || pack(&sandbox, &folder, &PackOptions::default(), &store, None);
        let packed = spawn_blocking(work).await.map_err(|source| RunError::Worker { source })??;
        Ok(packed.map(|layer| layer.descriptor))
    }

    /// Makes the folder that is kept between builds under a name from a layer in the store. Where there is one meanwhile, that stays.
    pub(crate) async fn restore(
        &self,
        name: &str,
        owner: (u32, u32),
        mode: u32,
        layer: &Descriptor,
        store: &Store,
    ) -> Result<(), RunError> {
        let (sandbox, folder, store) = (self.options.sandbox.clone(), self.cache_folder(name), store.clone());
        let (caches, layer) = (self.caches()?, layer.clone());
        let work = move || {
            let digest = &layer.digest;
            let unreadable = |source| RunError::Layer { digest: digest.clone(), source };
            let blob = store.open_blob(digest).map_err(|error| unreadable(io::Error::other(error)))?;
            let stream = uncompressed(&layer.media_type, blob).map_err(unreadable)?;
            let stream = stream.ok_or_else(|| unreadable(io::ErrorKind::Unsupported.into()))?;
            make(&sandbox, &caches, &folder, owner, mode, |files| {
                let stream = BufReader::with_capacity(128 << 10, stream);
                Ok(sandbox.unpack(stream, files, &UnpackOptions::default()).map(|_| ())?)
            })
        };
        spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?
    }
}
