use super::Image;
use consign_oci::{Descriptor, Digest, Manifest};
use std::fs;
use std::path::Path;

impl Image {
    /// Reads what buildah writes to `dir:FOLDER`.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        let read = |descriptor: &Descriptor| {
            let bytes = fs::read(folder.join(descriptor.digest.hex())).unwrap();
            assert_eq!(Digest::of(&bytes), descriptor.digest);
            bytes
        };
        let layers = manifest.layers.iter().map(|layer| (layer.media_type.clone(), read(layer))).collect();
        Self { digest: None, config: read(&manifest.config), layers }
    }
}
