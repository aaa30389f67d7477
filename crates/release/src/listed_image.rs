//! Images that lie anywhere, and what is in them.

use crate::contents::Reading;
use crate::imported::{config, listed};
use crate::produce::Image;
use crate::{ImportProblem, ReleaseError};
use consign_image::Place;
use consign_inventory::{Catalogue, Described, InventoryError};
use consign_oci::{Descriptor, Digest, Document, Exact, ImageConfig, Manifest, Platform, Reference, annotation};
use consign_store::Store;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Most platforms that are read at the same time.
const PLATFORMS: usize = 2;
/// Most packages of all platforms together. They are in memory, and so is the document that lists them.
const PACKAGE_LIMIT: usize = 100_000;

/// One platform of an image, and what is in it.
#[derive(Clone, Debug)]
pub struct ListedImage {
    /// Its name, which is the same wherever on a machine it lies.
    pub name: String,
    /// The repository that it lies in, if it is at a registry.
    pub repository: Option<String>,
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
            repository: self.repository.as_deref(),
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

    /// Says that there are too many packages with those of this one.
    fn too_many(&self) -> ReleaseError {
        let Self { name, platform, manifest, config, .. } = self;
        Image { name, platform, manifest, config }.not_listed(InventoryError::Packages { limit: PACKAGE_LIMIT })
    }
}

/// Returns the name of an image, which depends on no folder of the machine, and the repository that it lies in, if it is at a registry.
pub fn name_of(place: &Place, root: &Descriptor) -> (String, Option<String>) {
    match place {
        Place::Registry { reference, .. } => {
            let repository = reference.repository.to_string();
            (repository.clone(), Some(repository))
        }
        Place::Store { name, .. } => (name.clone(), None),
        Place::Layout { .. } => {
            // A tag alone names no image.
            let named = root.annotations.get(annotation::REF_NAME).filter(|name| name.contains('/'));
            let named = named.and_then(|name| name.parse::<Reference>().ok());
            (named.map_or_else(|| root.digest.to_string(), |reference| reference.repository.to_string()), None)
        }
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
            let wanted = wanted.map(|(platform, descriptor)| (Some(platform.clone()), descriptor.plain()));
            wanted.fold(Vec::new(), |mut all, image| {
                // What is listed twice is there once.
                if !all.contains(&image) {
                    all.push(image);
                }
                all
            })
        }
        document @ Document::Manifest(_) => {
            for wanted in platforms {
                place.of_platform(document.clone(), wanted).await?;
            }
            vec![(None, root.clone())]
        }
    };
    let name = name_of(place, root);
    let images = stream::iter(images).map(|(platform, descriptor)| one(place, &name, platform, descriptor, &reading));
    let mut images = images.buffered(PLATFORMS);
    let (mut all, mut count) = (Vec::new(), 0);
    while let Some(image) = images.try_next().await? {
        count += image.catalogue.packages.len();
        if count > PACKAGE_LIMIT {
            return Err(image.too_many());
        }
        all.push(image);
    }
    Ok(all)
}

async fn one(
    place: &Place,
    (name, repository): &(String, Option<String>),
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
    let (name, repository) = (name.clone(), repository.clone());
    let image = Image { name: &place.describe(), platform: &platform, manifest: &manifest, config: &config };
    let catalogue = reading.list(place, &image).await?;
    Ok(ListedImage { name, repository, platform, manifest, config, catalogue })
}
