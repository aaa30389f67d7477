use crate::ImageError;
use consign_oci::{Descriptor, Digest, Document, media_type};
use consign_store::Store;
use std::collections::BTreeSet;

/// Deepest nesting of indexes that is followed.
const DEPTH_LIMIT: usize = 8;
/// Largest manifest that is read, in bytes.
const DOCUMENT_LIMIT: u64 = 8 << 20;

/// Returns what a manifest refers to, in the order in which it must be published: the config and layers of an image, the manifests of an index.
pub fn children(document: &Document) -> Vec<&Descriptor> {
    match document {
        Document::Index(index) => index.manifests.iter().collect(),
        Document::Manifest(manifest) => manifest.layers.iter().chain([&manifest.config]).collect(),
    }
}

/// Returns everything in the store that `root` is made of, children before parents, each once, `root` last.
pub fn closure(store: &Store, root: &Descriptor) -> Result<Vec<Descriptor>, ImageError> {
    let mut seen = BTreeSet::new();
    let mut ordered = Vec::new();
    visit(store, root, DEPTH_LIMIT, &mut seen, &mut ordered)?;
    Ok(ordered)
}

fn visit(
    store: &Store,
    descriptor: &Descriptor,
    depth: usize,
    seen: &mut BTreeSet<Digest>,
    ordered: &mut Vec<Descriptor>,
) -> Result<(), ImageError> {
    if depth == 0 || !seen.insert(descriptor.digest.clone()) {
        return Ok(());
    }
    let media_type = descriptor.media_type.as_str();
    if media_type::is_index(media_type) || media_type::is_manifest(media_type) {
        for child in children(&read_stored(store, descriptor)?) {
            visit(store, child, depth - 1, seen, ordered)?;
        }
    }
    ordered.push(descriptor.clone());
    Ok(())
}

pub(crate) fn read_stored(store: &Store, descriptor: &Descriptor) -> Result<Document, ImageError> {
    let bytes = store.read(&descriptor.digest, DOCUMENT_LIMIT)?;
    let (place, digest) = ("the store".to_owned(), descriptor.digest.clone());
    Document::read(&descriptor.media_type, bytes).map_err(|source| ImageError::Document { place, digest, source })
}
