//! SBOM documents that were written before.

use crate::contents::key;
use crate::{ListedImage, ReleaseError, list_image, name_of};
use consign_image::Place;
use consign_inventory::DOCUMENT_FORMAT;
use consign_oci::{Descriptor, Platform};
use consign_store::Store;

/// What is kept in the store of them.
const KIND: &str = "sbom";
/// Largest that is kept, in bytes.
const KEPT_LIMIT: u64 = 64 << 20;

/// Returns the document that `write` makes of an image, on all platforms if none are named. It is kept in the store, by the digest of the image and all
/// else that stands in it: who asks again for the same needs neither the image nor a list of packages. `form` names what `write` makes, in one word.
pub async fn kept_document<E: From<ReleaseError>>(
    place: &Place,
    root: &Descriptor,
    store: &Store,
    platforms: &[Platform],
    form: &str,
    write: impl FnOnce(&[ListedImage]) -> Result<String, E>,
) -> Result<String, E> {
    let (name, repository) = name_of(place, root);
    // Names of debug output are quoted, so that none looks like two.
    let key = key(KIND, format!("{DOCUMENT_FORMAT} {form} {} {name:?} {repository:?} {platforms:?}", root.digest));
    let kept = store.derived(KIND, &key, KEPT_LIMIT);
    if let Some(kept) = kept.and_then(|bytes| String::from_utf8(bytes).ok()) {
        return Ok(kept);
    }
    let text = write(&list_image(place, root, store, platforms).await?)?;
    if text.len() as u64 <= KEPT_LIMIT {
        store.keep_derived(KIND, &key, text.as_bytes());
    }
    Ok(text)
}
