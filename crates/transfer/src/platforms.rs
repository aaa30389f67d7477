//! A part of an image's platforms.

use crate::TransferError;
use consign_image::{ImageError, Place};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, ImageConfig, Index, Manifest, Platform, annotation};
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns the image with these platforms alone: an index of fewer manifests has another digest.
pub(crate) async fn choose(root: Document, wanted: &[Platform], source: &Place) -> Result<Document, TransferError> {
    let present = match &root {
        Document::Index(index) => index.platforms().map(|(platform, _)| platform.clone()).collect(),
        Document::Manifest(manifest) => platform_of(manifest, source).await?.into_iter().collect::<Vec<_>>(),
    };
    let missing: Vec<Platform> = wanted.iter().filter(|platform| !present.contains(platform)).cloned().collect();
    if !missing.is_empty() {
        return Err(TransferError::NoPlatform { place: source.describe(), missing, present });
    }
    match &root {
        Document::Index(index) if present.iter().any(|platform| !wanted.contains(platform)) => {
            reduced(&root, index, wanted).map_err(|error| match error {
                Broken::Json(source_error) => TransferError::Index { place: source.describe(), source: source_error },
                Broken::Document(error) => {
                    let (place, digest) = (source.describe(), root.digest().clone());
                    ImageError::Document { place, digest, source: error }.into()
                }
            })
        }
        _ => Ok(root),
    }
}

enum Broken {
    Json(serde_json::Error),
    Document(consign_oci::DocumentError),
}

/// Returns what an entry of a list is about, if that is another one.
pub(crate) fn subject_of(entry: &Descriptor) -> Option<Digest> {
    entry.annotations.get(annotation::REFERENCE_DIGEST)?.parse().ok()
}

/// Leaves out of a list what is for other platforms. All else stays as it was written, also what consign does not know.
fn reduced(root: &Document, index: &Index, wanted: &[Platform]) -> Result<Document, Broken> {
    let platforms = index.platforms().filter(|(platform, _)| wanted.contains(platform));
    let kept: BTreeSet<&Digest> = platforms.map(|(_, descriptor)| &descriptor.digest).collect();
    let is_about = |descriptor: &Descriptor| subject_of(descriptor).is_some_and(|subject| kept.contains(&subject));
    let mut stays = index.manifests.iter().map(|entry| kept.contains(&entry.digest) || is_about(entry));
    let mut value: Value = serde_json::from_slice(root.bytes()).map_err(Broken::Json)?;
    if let Some(Value::Array(entries)) = value.get_mut("manifests") {
        entries.retain(|_| stays.next().unwrap_or_default());
    }
    let bytes = serde_json::to_vec(&value).map_err(Broken::Json)?;
    Document::read(root.media_type(), bytes).map_err(Broken::Document)
}

/// Returns what an image without a list is for; `None` where its config does not say.
async fn platform_of(manifest: &Manifest, source: &Place) -> Result<Option<Platform>, TransferError> {
    let config = source.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    Ok(serde_json::from_slice::<ImageConfig>(&config).ok().map(|config| config.platform))
}
