use super::Image;
use consign_oci::{Descriptor, Digest, Index, Manifest, Platform, media_type};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

impl Image {
    /// Reads the image for a platform from an OCI archive.
    pub(crate) fn of_archive(path: &Path, platform: &Platform) -> Self {
        let files = files(path);
        let read = |descriptor: &Descriptor| {
            let bytes = files[&format!("blobs/sha256/{}", descriptor.digest.hex())].clone();
            assert_eq!((Digest::of(&bytes), bytes.len() as u64), (descriptor.digest.clone(), descriptor.size));
            bytes
        };
        let index: Index = serde_json::from_slice(&files["index.json"]).unwrap();
        let [listed] = &index.manifests[..] else { panic!("{} images", index.manifests.len()) };
        let mut root = listed.clone();
        if media_type::is_index(&root.media_type) {
            let index: Index = serde_json::from_slice(&read(&root)).unwrap();
            let found = index.platforms().find(|(of, _)| *of == platform).map(|(_, descriptor)| descriptor.clone());
            root = found.unwrap_or_else(|| panic!("no {platform} in {index:?}"));
        }
        let mut manifest: Value = serde_json::from_slice(&read(&root)).unwrap();
        // So says BuildKit that there are none.
        if manifest["layers"].is_null() {
            manifest["layers"] = Value::Array(Vec::new());
        }
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let layers = manifest.layers.iter().map(|layer| (layer.media_type.clone(), read(layer))).collect();
        Self { digest: Some(root.digest.clone()), config: read(&manifest.config), layers }
    }
}

fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, File>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (String::from_utf8(entry.path_bytes().into_owned()).unwrap(), bytes)
    };
    archive.entries().unwrap().map(read).collect()
}
