use consign_oci::{Descriptor, Tag, annotation};
use std::collections::BTreeMap;

/// An image to put into an archive.
#[derive(Clone, Debug)]
pub struct ArchiveImage {
    /// Its index or manifest, in the store.
    pub root: Descriptor,
    /// The repository and tag that other tools load it under, if it has one.
    pub name: Option<(String, Tag)>,
    /// Artifacts in the store that are about it or one of its platforms.
    pub referrers: Vec<Descriptor>,
}

impl ArchiveImage {
    /// Returns what an `index.json` lists: the root with its tag, then the referrers in the order of their digests.
    pub(super) fn listed(&self, tag: Option<&Tag>) -> Vec<Descriptor> {
        let mut root = self.root.clone();
        // Where the image came from it may have had another tag.
        root.annotations.remove(annotation::REF_NAME);
        root.annotations.extend(tag.map(|tag| (annotation::REF_NAME.to_owned(), tag.to_string())));
        let referrers: BTreeMap<_, _> = self.referrers.iter().map(|referrer| (&referrer.digest, referrer)).collect();
        let referrers = referrers.into_values().map(|referrer| {
            let mut referrer = referrer.clone();
            referrer.annotations.remove(annotation::REF_NAME);
            referrer
        });
        [root].into_iter().chain(referrers).collect()
    }
}
