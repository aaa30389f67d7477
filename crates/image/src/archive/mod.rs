//! Images out of the store, as OCI layouts.

mod docker;
pub(crate) mod folder;
mod image;
mod stored;
mod tar_file;

pub use image::ArchiveImage;
pub(crate) use tar_file::{MARKER_TEXT, partial_file};

use crate::{ImageError, ImageReference};
use consign_oci::Tag;
use consign_store::Store;

/// Writes an image as an OCI layout: to a tar file (`oci-archive:`) or a folder (`oci:`).
///
/// A tag in `to` wins over the image's own. The same image gives the same bytes, and every blob is hashed again as it is written.
/// A tar file stands at its place only when all of it is written. Its `index.json` lists the image alone, so that other tools need no tag; what is about it
/// stands in `referrers.json`, and `manifest.json` is the list by which `docker load` finds the platforms' images.
/// A folder keeps the images that it has, except one of the same tag (or without a tag, as the new one), and its list is written last.
pub fn write_archive(store: &Store, image: &ArchiveImage, to: &ImageReference) -> Result<(), ImageError> {
    let tag = |wanted: &Option<Tag>| wanted.clone().or_else(|| image.name.as_ref().map(|(_, tag)| tag.clone()));
    match to {
        ImageReference::Archive { file, tag: wanted } => tar_file::write(store, image, tag(wanted).as_ref(), file),
        ImageReference::Layout { folder, tag: wanted } => folder::write(store, image, tag(wanted).as_ref(), folder),
        ImageReference::Store { name } => {
            stored::check_present(store, image)?;
            Ok(store.put_reference(name, &image.root)?)
        }
        ImageReference::Engine { .. } => Err(ImageError::NotFromEngine { name: to.to_string() }),
        ImageReference::DockerArchive { file, .. } => Err(ImageError::ReadOnly { file: file.clone() }),
        ImageReference::Registry(reference) => Err(ImageError::NotLocal { reference: reference.clone() }),
    }
}
