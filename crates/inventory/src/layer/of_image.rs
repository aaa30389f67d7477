use crate::InventoryError;
use consign_image::LAYER_LIMIT;
use consign_oci::layer::Layer;
use consign_oci::{ImageConfig, Manifest};

/// Returns the layers of an image, lowest first, each with what the config says that it holds.
pub fn layers(manifest: &Manifest, config: &ImageConfig) -> Result<Vec<Layer>, InventoryError> {
    let (count, listed) = (manifest.layers.len(), config.rootfs.diff_ids.len());
    if count > LAYER_LIMIT {
        return Err(InventoryError::Layers { count, limit: LAYER_LIMIT });
    }
    if count != listed {
        return Err(InventoryError::Listed { count, listed });
    }
    let pairs = manifest.layers.iter().cloned().zip(config.rootfs.diff_ids.iter().cloned());
    Ok(pairs.map(|(descriptor, diff_id)| Layer { descriptor, diff_id }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::{Descriptor, Digest, RootFilesystem, media_type};

    #[test]
    fn an_image_has_as_many_layers_as_its_config_lists() {
        let config = r#"{"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}"#;
        let mut config: ImageConfig = serde_json::from_str(config).unwrap();
        // The same layer, however often it is listed, is read as often.
        let layer = Descriptor::new(media_type::LAYER, Digest::of(b"layer"), 5);
        for (count, listed, expected) in [
            (0, 0, None),
            (LAYER_LIMIT, LAYER_LIMIT, None),
            (LAYER_LIMIT + 1, LAYER_LIMIT + 1, Some("the image has 1001 layers, and at most 1000 are read")),
            (2, 1, Some("the image has 2 layers, but its config lists 1")),
            (0, 1, Some("the image has 0 layers, but its config lists 1")),
        ] {
            config.rootfs = RootFilesystem::new(vec![Digest::of(b"contents"); listed]);
            let found = layers(&Manifest::new(Descriptor::empty(), vec![layer.clone(); count]), &config);
            let found = found.map(|layers| assert_eq!(layers.len(), count)).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), expected, "{count} {listed}");
        }
    }
}
