//! Images that lie anywhere, and what is in them.

use crate::contents::Reading;
use crate::imported::{config, listed};
use crate::produce::Image;
use crate::{ImportProblem, ReleaseError};
use consign_image::Place;
use consign_inventory::{Catalogue, Described};
use consign_oci::{Descriptor, Digest, Document, Exact, ImageConfig, Manifest, Platform};
use consign_store::Store;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Most platforms that are read at the same time.
const PLATFORMS: usize = 2;

/// One platform of an image, and what is in it.
#[derive(Clone, Debug)]
pub struct ListedImage {
    /// Name of the place where it lies.
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest.
    pub manifest: Exact<Manifest>,
    /// Its config.
    pub config: Exact<ImageConfig>,
    /// What is in it.
    pub catalogue: Catalogue,
}

impl ListedImage {
    /// Returns what an SBOM of it describes.
    pub fn described(&self) -> Described<'_> {
        Described {
            name: &self.name,
            digest: self.manifest.digest(),
            platform: &self.platform,
            created: self.config.created.as_deref(),
            layers: &self.config.rootfs.diff_ids,
        }
    }

    /// Returns the digest of its manifest.
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }
}

/// Lists what is in an image: on all platforms if none are named, in the order of its index. Attestations in it are no platforms. A platform that
/// is named and not there is an error. Layers are not brought into the store; what they hold is kept there.
pub async fn list_image(
    place: &Place,
    root: &Descriptor,
    store: &Store,
    platforms: &[Platform],
) -> Result<Vec<ListedImage>, ReleaseError> {
    let reading = Reading::new(store);
    let images: Vec<(Option<Platform>, Descriptor)> = match place.document(root).await? {
        Document::Index(index) => {
            let all = listed(&index).map_err(|problem| problem.of(place))?;
            for wanted in platforms {
                if !all.iter().any(|(platform, _)| *platform == wanted) {
                    // Says which there are.
                    place.of_platform(Document::Index(index.clone()), wanted).await?;
                }
            }
            let wanted = all.into_iter().filter(|(platform, _)| platforms.is_empty() || platforms.contains(platform));
            wanted.map(|(platform, descriptor)| (Some(platform.clone()), descriptor.plain())).collect()
        }
        document @ Document::Manifest(_) => {
            for wanted in platforms {
                place.of_platform(document.clone(), wanted).await?;
            }
            vec![(None, root.clone())]
        }
    };
    let images = stream::iter(images).map(|(platform, descriptor)| one(place, platform, descriptor, &reading));
    images.buffered(PLATFORMS).try_collect().await
}

async fn one(
    place: &Place,
    platform: Option<Platform>,
    descriptor: Descriptor,
    reading: &Reading,
) -> Result<ListedImage, ReleaseError> {
    let manifest = match (place.document(&descriptor).await?, &platform) {
        (Document::Manifest(manifest), _) => manifest,
        (Document::Index(_), Some(platform)) => {
            return Err(ImportProblem::Index { platform: platform.clone() }.of(place));
        }
        (Document::Index(_), None) => return Err(ImportProblem::NoPlatforms.of(place)),
    };
    let config = config(place, &manifest).await?;
    let platform = platform.unwrap_or_else(|| config.platform.clone());
    let name = place.describe();
    let image = Image { name: &name, platform: &platform, manifest: &manifest, config: &config };
    let catalogue = reading.list(place, &image).await?;
    Ok(ListedImage { name, platform, manifest, config, catalogue })
}
