use consign_image::{DEPTH_LIMIT, ENTRY_LIMIT, ImageError, Place};
use consign_oci::{Descriptor, Document, annotation, media_type};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Returns an image and all that an index lists, whatever is listed by indexes in it too, each by its own descriptor and once: what is to be signed.
/// Attestations in an index are none of it. What is listed comes before its list, and the image itself last: what is signed last vouches for all of it.
pub async fn parts(place: &Place, root: &Document) -> Result<Vec<Descriptor>, ImageError> {
    let mut seen = BTreeSet::from([root.digest().clone()]);
    let mut found = Vec::new();
    let mut level = vec![root.clone()];
    for depth in 1.. {
        let mut deeper = Vec::new();
        for list in &level {
            for part in direct_parts(list).filter(|part| seen.insert(part.digest.clone())) {
                if media_type::is_index(&part.media_type) {
                    deeper.push(place.document(part).await?);
                }
                found.push((depth, part.clone()));
            }
            let (describe, digest) = (|| place.describe(), || list.digest().clone());
            if found.len() > ENTRY_LIMIT {
                return Err(ImageError::TooMany { place: describe(), digest: digest(), limit: ENTRY_LIMIT });
            }
            if depth > DEPTH_LIMIT {
                return Err(ImageError::TooDeep { place: describe(), digest: digest(), limit: DEPTH_LIMIT });
            }
        }
        if deeper.is_empty() {
            break;
        }
        level = deeper;
    }
    found.sort_by_key(|(depth, _)| Reverse(*depth));
    Ok(found.into_iter().map(|(_, part)| part).chain([root.descriptor()]).collect())
}

/// Returns what an index lists itself but for attestations; of an image, nothing.
pub fn direct_parts(root: &Document) -> impl Iterator<Item = &Descriptor> {
    let entries = match root {
        Document::Index(index) => &index.manifests[..],
        Document::Manifest(_) => &[],
    };
    entries.iter().filter(|entry| {
        entry.annotations.get(annotation::REFERENCE_TYPE).is_none_or(|kind| kind != annotation::ATTESTATIONS)
    })
}
