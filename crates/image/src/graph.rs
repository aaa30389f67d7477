use crate::ImageError;
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Manifest, media_type};
use consign_store::Store;
use std::collections::BTreeSet;

/// Most layers of an image. Overlay file systems take 500.
pub const LAYER_LIMIT: usize = 1_000;
/// Most entries of an index that are looked at.
pub const ENTRY_LIMIT: usize = 256;
/// Deepest nesting of manifests that is followed, the root and the images counted.
pub const DEPTH_LIMIT: usize = 8;

/// Returns what a manifest refers to, in the order in which it must be published: the config and layers of an image, the manifests of an index.
pub fn children(document: &Document) -> Vec<&Descriptor> {
    document.children()
}

/// Returns whether the bytes of this descriptor refer to others.
pub(crate) fn is_document(descriptor: &Descriptor) -> bool {
    media_type::is_document(&descriptor.media_type)
}

/// Returns everything in the store that `root` is made of, children before parents, each once, `root` last. Layers that only their own source hands
/// out need not be there, and are not in it.
///
/// Fails on indexes that are nested too deep, rather than leaving something out.
pub fn closure(store: &Store, root: &Descriptor) -> Result<Vec<Descriptor>, ImageError> {
    let mut walk = Walk { store, documents: BTreeSet::new(), listed: BTreeSet::new(), ordered: Vec::new() };
    walk.visit(root, 1)?;
    Ok(walk.ordered)
}

/// Returns whether an image has layers that only their own source hands out.
pub(crate) fn has_foreign_layers(manifest: &Manifest) -> bool {
    manifest.layers.iter().any(|layer| media_type::is_foreign(&layer.media_type))
}

struct Walk<'a> {
    store: &'a Store,
    documents: BTreeSet<Digest>,
    listed: BTreeSet<Digest>,
    ordered: Vec<Descriptor>,
}

impl Walk<'_> {
    fn visit(&mut self, descriptor: &Descriptor, depth: usize) -> Result<(), ImageError> {
        let digest = &descriptor.digest;
        // The same bytes may be listed as a blob first: that must not hide what they refer to.
        if is_document(descriptor) && self.documents.insert(digest.clone()) {
            if depth > DEPTH_LIMIT {
                let (place, digest) = ("the store".to_owned(), digest.clone());
                return Err(ImageError::TooDeep { place, digest, limit: DEPTH_LIMIT });
            }
            let document = read_stored(self.store, descriptor)?;
            for child in children(&document).into_iter().filter(|child| !media_type::is_foreign(&child.media_type)) {
                self.visit(child, depth + 1)?;
            }
        }
        if self.listed.insert(digest.clone()) {
            self.ordered.push(descriptor.clone());
        }
        Ok(())
    }
}

pub(crate) fn read_stored(store: &Store, descriptor: &Descriptor) -> Result<Document, ImageError> {
    let bytes = store.read(&descriptor.digest, DOCUMENT_LIMIT)?;
    let (place, digest) = ("the store".to_owned(), descriptor.digest.clone());
    Document::read(&descriptor.media_type, bytes).map_err(|source| ImageError::Document { place, digest, source })
}
