use crate::fetch::{self, Stop, settle};
use crate::layer::check_layer;
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::{LAYER_LIMIT, Place};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Document, Exact, ImageConfig, Manifest, Platform, media_type};

/// What was found of one image.
#[derive(Debug, Default)]
pub(crate) struct ImageChecks {
    /// The pieces that are right.
    pub(crate) checks: Vec<Piece>,
    /// What is wrong.
    pub(crate) failures: Vec<Failure>,
    /// What the config says that the image runs on.
    pub(crate) platform: Option<Platform>,
}

/// Checks an image's manifest and config and, with `content`, every byte of its layers.
pub(crate) async fn check_image(
    place: &Place,
    descriptor: &Descriptor,
    platform: &Platform,
    content: bool,
) -> Result<ImageChecks, VerifyError> {
    let owner = Owner::Platform(platform.clone());
    let mut found = ImageChecks::default();
    let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
    let manifest = manifest(place, descriptor, &piece).await;
    let Some(manifest) = settle(manifest, &mut found.failures)? else { return Ok(found) };
    found.checks.push(piece);
    check_parts(place, &manifest, &owner, Some(platform), content, &mut found).await?;
    Ok(found)
}

/// Checks what a manifest names. Without a platform that it should be for, it may be no image at all: then its config is anything.
pub(crate) async fn check_parts(
    place: &Place,
    manifest: &Exact<Manifest>,
    owner: &Owner,
    platform: Option<&Platform>,
    content: bool,
    found: &mut ImageChecks,
) -> Result<(), VerifyError> {
    let is_image = platform.is_some() || media_type::is_config(&manifest.config.media_type);
    let mut config = None;
    if is_image {
        let piece = Piece::new(Part::Config, owner, &manifest.config.digest);
        config = settle(self::config(place, manifest, platform, &piece).await, &mut found.failures)?;
        found.platform = config.as_ref().map(|config| config.platform.clone());
        if config.is_some() {
            found.checks.push(piece);
        }
    }
    if content && is_image {
        let diff_ids = config.as_ref().map(|config| config.rootfs.diff_ids.as_slice()).unwrap_or_default();
        for (number, layer) in manifest.layers.iter().enumerate() {
            let piece = Piece::new(Part::Layer, owner, &layer.digest);
            let result = check_layer(place, layer, diff_ids.get(number), &piece).await;
            if settle(result, &mut found.failures)?.is_some() {
                found.checks.push(piece);
            }
        }
    }
    Ok(())
}

/// Checks an entry of the index that is for no platform: it is what its descriptor says, and that is all that is known of it. Returns it, too.
pub(crate) async fn check_other(
    place: &Place,
    descriptor: &Descriptor,
) -> Result<(ImageChecks, Option<Document>), VerifyError> {
    let mut found = ImageChecks::default();
    let piece = Piece::new(Part::Manifest, &Owner::Other, &descriptor.digest);
    let document = fetch::document(place, descriptor, &piece).await;
    let document = settle(document, &mut found.failures)?;
    if document.is_some() {
        found.checks.push(piece);
    }
    Ok((found, document))
}

async fn manifest(place: &Place, descriptor: &Descriptor, piece: &Piece) -> Result<Exact<Manifest>, Stop> {
    match fetch::document(place, descriptor, piece).await? {
        Document::Manifest(manifest) if manifest.layers.len() > LAYER_LIMIT => {
            let (count, limit) = (manifest.layers.len(), LAYER_LIMIT);
            Err(Failure::TooMany { piece: piece.clone(), what: "layers", count, limit }.into())
        }
        Document::Manifest(manifest) => Ok(manifest),
        Document::Index(_) => {
            Err(Failure::Shape { piece: piece.clone(), expected: "the manifest of one image" }.into())
        }
    }
}

async fn config(
    place: &Place,
    manifest: &Manifest,
    platform: Option<&Platform>,
    piece: &Piece,
) -> Result<ImageConfig, Stop> {
    let bytes = fetch::blob(place, &manifest.config, DOCUMENT_LIMIT, piece).await?;
    let piece = || piece.clone();
    let config: ImageConfig =
        serde_json::from_slice(&bytes).map_err(|source| Failure::Config { piece: piece(), source })?;
    if platform.is_some_and(|platform| config.platform != *platform) {
        return Err(Failure::Platform { piece: piece(), found: config.platform }.into());
    }
    let (described, layers) = (config.rootfs.diff_ids.len(), manifest.layers.len());
    if described != layers {
        return Err(Failure::LayerCount { piece: piece(), described, layers }.into());
    }
    Ok(config)
}
