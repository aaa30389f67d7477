use super::base::read_config;
use super::index::is_left_out;
use super::join::Single;
use super::marks::stated;
use super::{AT_ONCE, BYTES_LIMIT, RebaseError};
use consign_image::{ENTRY_LIMIT, Found, ImageError, Place};
use consign_oci::{Descriptor, Digest, Document, Platform, Reference};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// An image that is to be put onto another base.
pub struct Original {
    pub(super) root: Document,
    /// The images for platforms.
    pub(super) platforms: Vec<Entry>,
    /// What is in the list of platforms and for none.
    pub(super) left_out: Vec<Descriptor>,
}

/// An image for one platform.
pub(super) struct Entry {
    pub(super) platform: Platform,
    pub(super) image: Single,
}

impl Original {
    /// Reads the manifests and configs of an image.
    pub async fn read(place: &Place) -> Result<Self, RebaseError> {
        let Found::Document(root) = place.find(None).await? else {
            return Err(RebaseError::NoImage { name: place.name() });
        };
        let no_image = || ImageError::NoImage { place: place.describe(), digest: root.digest().clone() };
        let (platforms, left_out) = match &*root {
            Document::Manifest(manifest) => {
                let config = read_config(place, manifest).await?;
                let platform = config.platform.clone();
                (vec![Entry { platform, image: Single { manifest: manifest.clone(), config } }], Vec::new())
            }
            Document::Index(index) => {
                let (left_out, images): (Vec<Descriptor>, Vec<Descriptor>) =
                    index.manifests.iter().cloned().partition(is_left_out);
                if images.len() > ENTRY_LIMIT {
                    let (place, digest) = (place.describe(), root.digest().clone());
                    return Err(ImageError::TooMany { place, digest, limit: ENTRY_LIMIT }.into());
                }
                let entries = stream::iter(images).map(|image| read_entry(place, image)).buffered(AT_ONCE);
                (bounded(place, root.digest(), entries).await?, left_out)
            }
        };
        if platforms.is_empty() {
            return Err(no_image().into());
        }
        Ok(Self { root: *root, platforms, left_out })
    }

    /// Returns the digest of the image.
    pub fn digest(&self) -> &Digest {
        self.root.digest()
    }

    /// Returns the name of the base, as annotations of the manifests or of the list of platforms say; `None` where none does. All have to say the
    /// same: whoever made the image chooses which registries are asked.
    pub fn base_name(&self) -> Result<Option<Reference>, RebaseError> {
        let all = self.platforms.iter().map(|entry| &entry.image.manifest.annotations).chain([self.annotations()]);
        let names: BTreeSet<&str> = all.filter_map(|annotations| stated(annotations).0).collect();
        let mut references = BTreeSet::new();
        for text in names {
            let invalid = |source| RebaseError::BaseName { text: text.chars().take(300).collect(), source };
            references.insert(text.parse::<Reference>().map_err(invalid)?);
        }
        match references.len() {
            0 | 1 => Ok(references.pop_first()),
            _ => Err(RebaseError::SeveralBases { names: references.into_iter().take(5).collect() }),
        }
    }

    /// Returns the digest of the base of one of the images.
    pub(super) fn base_digest(&self, entry: &Entry) -> Result<Digest, RebaseError> {
        let of_image = stated(&entry.image.manifest.annotations).1;
        let digest = of_image.or_else(|| stated(self.annotations()).1).and_then(|digest| digest.parse().ok());
        digest.ok_or_else(|| RebaseError::NoBaseDigest { platform: entry.platform.clone() })
    }

    /// Returns whether any annotation says what the image is based on.
    pub(super) fn states_a_base(&self) -> bool {
        let all = self.platforms.iter().map(|entry| &entry.image.manifest.annotations).chain([self.annotations()]);
        all.into_iter().any(|annotations| stated(annotations) != (None, None))
    }

    fn annotations(&self) -> &BTreeMap<String, String> {
        match &self.root {
            Document::Index(index) => &index.annotations,
            Document::Manifest(manifest) => &manifest.annotations,
        }
    }
}

async fn read_entry(place: &Place, descriptor: Descriptor) -> Result<Entry, RebaseError> {
    let no_image = || ImageError::NoImage { place: place.describe(), digest: descriptor.digest.clone() };
    let platform = descriptor.platform.clone().ok_or_else(no_image)?;
    let Document::Manifest(manifest) = place.exact_document(&descriptor).await? else { return Err(no_image().into()) };
    let config = read_config(place, &manifest).await?;
    Ok(Entry { platform, image: Single { manifest, config } })
}

/// Collects what is read, as long as it is not more than all of it may have.
async fn bounded(
    place: &Place,
    digest: &Digest,
    entries: impl stream::Stream<Item = Result<Entry, RebaseError>>,
) -> Result<Vec<Entry>, RebaseError> {
    let mut entries = std::pin::pin!(entries);
    let (mut all, mut size) = (Vec::new(), 0);
    while let Some(entry) = entries.try_next().await? {
        size += entry.image.size();
        if size > BYTES_LIMIT {
            let (place, digest) = (place.describe(), digest.clone());
            return Err(ImageError::TooLarge { place, digest, size, limit: BYTES_LIMIT }.into());
        }
        all.push(entry);
    }
    Ok(all)
}
