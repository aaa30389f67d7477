//! Images that lie anywhere, and what is in them.

use crate::contents::{Reading, facts as facts_of, not_listed, sbom};
use crate::imported::{config, listed};
use crate::produce::Image;
use crate::scanned_image::Compared;
use crate::{ImportProblem, ReleaseError};
use consign_image::{ENTRY_LIMIT, Place};
use consign_inventory::{Catalogue, Described, InventoryError};
use consign_oci::media_type::{is_index, is_manifest};
use consign_oci::{Descriptor, Digest, Document, Platform, Reference, StatedBase, annotation};
use consign_receipt::Receipt;
use consign_store::Store;
use futures::stream::{self, StreamExt, TryStreamExt};

/// Most platforms that are read at the same time.
pub(crate) const PLATFORMS: usize = 2;
/// Most packages of all platforms together. They are in memory, and so is the document that lists them.
const PACKAGE_LIMIT: usize = 100_000;

/// One platform of an image, or the file system in a folder, and what is in it.
#[derive(Clone, Debug)]
pub struct ListedImage {
    /// Its name, which is the same wherever on a machine it lies.
    pub name: String,
    /// The repository that it lies in, if it is at a registry.
    pub repository: Option<String>,
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest; of a folder, that of what is in it.
    pub digest: Digest,
    /// When it was made, RFC 3339, as its config says.
    pub created: Option<String>,
    /// What its layers hold, lowest first; a folder has none.
    pub layers: Vec<Digest>,
    /// What it is based on, if it says so.
    pub base: Option<StatedBase>,
    /// What is in it.
    pub catalogue: Catalogue,
}

impl ListedImage {
    /// Returns what an SBOM of it describes.
    pub fn described(&self) -> Described<'_> {
        Described {
            name: &self.name,
            repository: self.repository.as_deref(),
            digest: &self.digest,
            platform: &self.platform,
            created: self.created.as_deref(),
            layers: &self.layers,
            base: self.base.as_ref(),
        }
    }

    /// Returns what of it is compared with advisories.
    pub(crate) fn compared(&self) -> Compared<'_> {
        let Self { name, platform, digest, created, .. } = self;
        Compared { name, digest, platform, created: created.as_deref() }
    }

    /// Returns the receipt of what its settings and files say; `None`: it has no settings.
    pub(crate) fn facts(&self) -> Result<Option<Receipt>, ReleaseError> {
        let facts = self.catalogue.facts.is_some();
        facts.then(|| facts_of(&self.catalogue, &self.name, &self.platform, &self.digest)).transpose()
    }

    /// Returns the receipt of its SBOM, an SPDX document.
    pub fn sbom(&self) -> Result<Receipt, ReleaseError> {
        sbom(&self.catalogue, &self.described())
    }
}

/// Counts the packages of the platforms of an image.
#[derive(Default)]
pub(crate) struct Counted(usize);

impl Counted {
    /// Adds those of one more platform. Fails where there are too many with these.
    pub(crate) fn add(&mut self, packages: usize, name: &str, platform: &Platform) -> Result<(), ReleaseError> {
        self.0 = self.0.saturating_add(packages);
        match self.0 > PACKAGE_LIMIT {
            true => Err(not_listed(name, platform, InventoryError::Packages { limit: PACKAGE_LIMIT })),
            false => Ok(()),
        }
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
    let (reading, name) = (Reading::new(store), name_of(place, root));
    let images = stream::iter(wanted(place, root, platforms).await?);
    let mut images = images.map(|image| list_platform(place, &name, image, &reading)).buffered(PLATFORMS);
    let (mut all, mut counted) = (Vec::new(), Counted::default());
    while let Some(image) = images.try_next().await? {
        counted.add(image.catalogue.packages.len(), &image.name, &image.platform)?;
        all.push(image);
    }
    Ok(all)
}

/// A platform of an image that is looked at, by its manifest. `None`: nothing but the manifest is known.
pub(crate) type Wanted = (Option<Platform>, Descriptor);

/// Returns the platforms of an image that are looked at: all if none are named. What is no index is not read for that, unless a platform is named.
pub(crate) async fn wanted(
    place: &Place,
    root: &Descriptor,
    platforms: &[Platform],
) -> Result<Vec<Wanted>, ReleaseError> {
    if is_manifest(&root.media_type) && platforms.is_empty() {
        return Ok(vec![(None, root.clone())]);
    }
    match place.document(root).await? {
        Document::Index(index) if platforms.is_empty() && index.manifests.iter().all(is_of_no_platform) => {
            // Whoever wrote it left that to the images' configs, as it may be (image-spec, image-index.md).
            let images = index.manifests.iter().filter(|entry| is_image_manifest(entry));
            let images: Vec<Wanted> = images.map(|descriptor| (None, descriptor.plain())).collect();
            match images.len() {
                0 if index.manifests.iter().any(|entry| is_index(&entry.media_type)) => {
                    Err(ImportProblem::OnlyIndexes.of(place))
                }
                0 => Err(ImportProblem::NoPlatforms.of(place)),
                1..=ENTRY_LIMIT => Ok(images),
                count => Err(ImportProblem::TooManyEntries { count, limit: ENTRY_LIMIT }.of(place)),
            }
        }
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
            Ok(wanted.fold(Vec::new(), |mut all, image| {
                // What is listed twice is there once.
                if !all.contains(&image) {
                    all.push(image);
                }
                all
            }))
        }
        document @ Document::Manifest(_) => {
            for wanted in platforms {
                place.of_platform(document.clone(), wanted).await?;
            }
            Ok(vec![(None, root.clone())])
        }
    }
}

fn is_of_no_platform(entry: &Descriptor) -> bool {
    entry.platform.is_none()
}

/// Returns whether an entry of an index that states no platform may be an image: attestations and artifacts say that they are something else.
fn is_image_manifest(entry: &Descriptor) -> bool {
    is_manifest(&entry.media_type) && entry.artifact_type.is_none()
}

/// Lists what is in an image on one platform.
pub(crate) async fn list_platform(
    place: &Place,
    (name, repository): &(String, Option<String>),
    (platform, descriptor): Wanted,
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
    let image = Image { name: &place.describe(), platform: &platform, manifest: &manifest, config: &config };
    let catalogue = reading.list(place, &image).await?;
    Ok(ListedImage {
        name: name.clone(),
        repository: repository.clone(),
        platform,
        digest: manifest.digest().clone(),
        created: config.created.clone(),
        layers: config.rootfs.diff_ids.clone(),
        base: StatedBase::of(&manifest.annotations, &config.rootfs.diff_ids),
        catalogue,
    })
}
