//! What must hold of any bytes. The targets in `fuzz/` and the tests beside this file share it.

use consign_inventory::{Budget, Catalogue, Described, InventoryError, LayerContents, Observer, read_layer};
use consign_oci::layer::Layer;
use consign_oci::{Descriptor, Digest, media_type};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most that a layer may hold, in bytes.
const LIMIT: u64 = 64 << 20;

/// A layer is read or refused. What it holds can be kept and gives the same catalogue then, of which documents can be made.
pub(crate) fn layer(bytes: &[u8]) {
    let descriptor = Descriptor::new(media_type::LAYER, Digest::of(b"the blob"), bytes.len() as u64);
    let layer = Layer { descriptor, diff_id: Digest::of(bytes) };
    let Ok(contents) = read_layer(&layer, bytes, &Budget::of(LIMIT)) else { return };
    let kept = contents.to_bytes().expect("it is not too large");
    let again = LayerContents::from_bytes(&kept).expect("what was kept can be taken");
    assert!(again.to_bytes().as_ref() == Some(&kept), "what was kept is something else");
    let (found, again) = (catalogue(&[contents]), catalogue(&[again]));
    assert_eq!(found.as_ref().ok(), again.as_ref().ok());
    let Ok(found) = found else { return };
    for package in &found.packages {
        assert!(!package.name.is_empty(), "{package:?}");
        assert!(!package.places.is_empty() && package.places.iter().all(|place| place.layer == 0), "{package:?}");
    }
    documents(&found);
}

/// What was kept is taken or is damaged. What is taken can be kept again, and lies on itself as on any layer.
pub(crate) fn kept(bytes: &[u8]) {
    let Some(contents) = LayerContents::from_bytes(bytes) else { return };
    let again = contents.to_bytes().expect("it is not too large");
    let again = LayerContents::from_bytes(&again).expect("what was kept can be taken");
    assert!(contents == again, "what was kept is something else");
    let (one, two) = (catalogue(std::slice::from_ref(&contents)), catalogue(&[contents, again]));
    for found in [one, two].into_iter().flatten() {
        documents(&found);
    }
}

fn catalogue(layers: &[LayerContents]) -> Result<Catalogue, InventoryError> {
    let mut observer = Observer::new();
    layers.iter().try_for_each(|layer| observer.add(Arc::new(layer.clone())))?;
    observer.finish()
}

/// Documents can be made of whatever is in an image, and names in them are there once.
fn documents(catalogue: &Catalogue) {
    let digest = Digest::of(b"manifest");
    let platform = "linux/amd64".parse().expect("a platform");
    let image = Described {
        name: "image",
        repository: None,
        digest: &digest,
        platform: &platform,
        created: None,
        layers: std::slice::from_ref(&digest),
        base: None,
    };
    let spdx = catalogue.spdx(&image).unwrap_or_else(|error| panic!("SPDX: {error}"));
    let packages = spdx["packages"].as_array().expect("packages");
    assert!(packages.len() > catalogue.packages.len(), "the image and all of its packages are there");
    let names: BTreeSet<_> = packages.iter().map(|package| package["SPDXID"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), packages.len(), "a name is there twice");
    catalogue.cyclonedx(&image).unwrap_or_else(|error| panic!("CycloneDX: {error}"));
}
