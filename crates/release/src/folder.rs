//! File systems that lie in folders.

use crate::contents::on_a_thread;
use crate::{ListedImage, ReleaseError};
use consign_inventory::{Budget, Folder};
use consign_oci::Platform;
use std::path::Path;

/// Lists what is in the root file system that lies in a folder. Whoever drops the future ends the reading.
pub async fn read_folder(path: &Path) -> Result<Folder, ReleaseError> {
    let reading = Reading(Budget::default());
    let (budget, folder) = (reading.0.clone(), path.to_owned());
    let read = on_a_thread(move || Folder::read(&folder, &budget)).await?;
    read.map_err(|source| ReleaseError::Folder { path: path.to_owned(), source: Box::new(source) })
}

struct Reading(Budget);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl ListedImage {
    /// Takes a file system for an image that runs on a platform. Where it lies says nothing of it, so that it is named by its digest.
    pub fn of_folder(folder: Folder, platform: Platform) -> Self {
        let Folder { catalogue, digest, .. } = folder;
        Self {
            name: digest.to_string(),
            repository: None,
            platform,
            digest,
            created: None,
            layers: Vec::new(),
            base: None,
            catalogue,
        }
    }
}
