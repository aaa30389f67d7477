use super::ArchiveImage;
use crate::ImageError;
use crate::graph::{has_foreign_layers, read_stored};
use crate::layout::blob_name;
use consign_oci::{Document, Tag, media_type};
use consign_store::Store;

/// Docker's list of images in an archive (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// Returns the list of an image's platforms. What is no image, such as an artifact, is not in it, nor what the archive has only in part: docker takes
/// no image whose layers are not all files.
pub(super) fn images(store: &Store, image: &ArchiveImage, tag: Option<&Tag>) -> Result<Vec<DockerImage>, ImageError> {
    let manifests = match read_stored(store, &image.root)? {
        Document::Manifest(_) => vec![image.root.clone()],
        Document::Index(index) => index.platforms().map(|(_, descriptor)| descriptor.clone()).collect(),
    };
    // A name can mean one image only, and docker has no index: with several platforms none is named.
    let name = image.name.as_ref().zip(tag).filter(|_| manifests.len() == 1);
    let name = name.map(|((repository, _), tag)| format!("{repository}:{tag}"));
    let mut images = Vec::new();
    for descriptor in &manifests {
        if let Document::Manifest(manifest) = read_stored(store, descriptor)?
            && !has_foreign_layers(&manifest)
            && [media_type::CONFIG, media_type::DOCKER_CONFIG].contains(&manifest.config.media_type.as_str())
        {
            images.push(DockerImage {
                config: blob_name(&manifest.config.digest),
                repo_tags: name.iter().cloned().collect(),
                layers: manifest.layers.iter().map(|layer| blob_name(&layer.digest)).collect(),
            });
        }
    }
    Ok(images)
}
