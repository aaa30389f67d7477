use consign_oci::{Descriptor, Tag, annotation};
use std::collections::BTreeMap;

/// Annotation: repository and tag, as containerd writes it. podman and docker load the image under this name; of the tag alone they would make one.
const FULL_NAME: &str = "io.containerd.image.name";

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
    /// Returns the root with its tag, as an `index.json` lists it.
    pub(super) fn listed(&self, tag: Option<&Tag>) -> Descriptor {
        let mut root = self.root.clone();
        // Where the image came from it may have had another tag.
        root.annotations.remove(annotation::REF_NAME);
        root.annotations.remove(FULL_NAME);
        root.annotations.extend(tag.map(|tag| (annotation::REF_NAME.to_owned(), tag.to_string())));
        let name = self.name.as_ref().zip(tag).map(|((repository, _), tag)| format!("{repository}:{tag}"));
        root.annotations.extend(name.map(|name| (FULL_NAME.to_owned(), name)));
        root
    }

    /// Returns the referrers in the order of their digests.
    pub(super) fn listed_referrers(&self) -> Vec<Descriptor> {
        let referrers: BTreeMap<_, _> = self.referrers.iter().map(|referrer| (&referrer.digest, referrer)).collect();
        let referrers = referrers.into_values().map(|referrer| {
            let mut referrer = referrer.clone();
            referrer.annotations.remove(annotation::REF_NAME);
            referrer
        });
        referrers.collect()
    }

    /// Returns both.
    pub(super) fn all(&self, tag: Option<&Tag>) -> Vec<Descriptor> {
        [self.listed(tag)].into_iter().chain(self.listed_referrers()).collect()
    }
}
