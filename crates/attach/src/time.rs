use crate::AttachError;
use consign_image::Place;
use consign_oci::{DOCUMENT_LIMIT, Document, ImageConfig, annotation, media_type};

/// When nothing says when an image was made.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// Returns when an image was made, RFC 3339, as it says itself: in an annotation, or in the config of the first image of an index.
pub async fn created(place: &Place, root: &Document) -> Result<String, AttachError> {
    let (annotations, first) = match root {
        Document::Index(index) => (&index.annotations, index.platforms().next().map(|(_, descriptor)| descriptor)),
        Document::Manifest(manifest) => (&manifest.annotations, None),
    };
    if let Some(stated) = annotations.get(annotation::CREATED) {
        return Ok(stated.clone());
    }
    let image = match (root, first) {
        (Document::Manifest(_), _) => None,
        (Document::Index(_), Some(first)) => Some(place.document(first).await?),
        (Document::Index(_), None) => return Ok(NEVER.to_owned()),
    };
    let Document::Manifest(manifest) = image.as_ref().unwrap_or(root) else { return Ok(NEVER.to_owned()) };
    if !media_type::is_config(&manifest.config.media_type) {
        return Ok(NEVER.to_owned());
    }
    let config = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    let config = serde_json::from_slice::<ImageConfig>(&config).ok();
    Ok(config.and_then(|config| config.created).unwrap_or_else(|| NEVER.to_owned()))
}
