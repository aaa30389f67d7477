use super::RebaseError;
use super::join::Single;
use super::marks::name_of;
use crate::once::Once;
use consign_image::{Found, ImageError, Place};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Exact, ImageConfig, Manifest, Platform};
use std::sync::Arc;

/// From which base an image is to be put onto which.
pub struct Bases {
    /// The old one.
    pub old: OldBase,
    /// The new one.
    pub new: Place,
}

/// The base that an image was built on.
pub enum OldBase {
    /// This one.
    Given(Place),
    /// Of what this names, what annotations of the image say by digest.
    Stated(Place),
}

/// A base, as it lies in a place.
#[derive(Clone)]
pub(super) struct Base<'a> {
    pub(super) place: &'a Place,
    pub(super) root: Arc<Document>,
}

impl Bases {
    /// Returns what the new base is called from now on; `None` where it is on no registry.
    pub(super) fn new_name(&self) -> Option<String> {
        match &self.new {
            Place::Registry { reference, .. } => Some(name_of(reference)),
            Place::Layout { .. } | Place::Store { .. } => None,
        }
    }

    /// Finds the new base.
    pub(super) async fn new_base(&self) -> Result<Base<'_>, RebaseError> {
        Ok(Base { place: &self.new, root: found("new", &self.new).await? })
    }
}

/// Finds the old bases of an image's platforms.
pub(super) struct OldBases<'a> {
    bases: &'a Bases,
    new: Base<'a>,
    found: Once<Arc<Document>>,
}

impl<'a> OldBases<'a> {
    pub(super) fn new(bases: &'a Bases, new: Base<'a>) -> Self {
        Self { bases, new, found: Once::default() }
    }

    /// Finds the one that is stated by this digest, or given.
    /// `new` is the new base for the platform.
    pub(super) async fn find(
        &self,
        stated: impl FnOnce() -> Result<Digest, RebaseError>,
        new: &Descriptor,
    ) -> Result<Base<'a>, RebaseError> {
        match &self.bases.old {
            OldBase::Given(place) => {
                let one_for_all = Digest::of(b"");
                Ok(Base { place, root: self.found.get(&one_for_all, found("old", place)).await? })
            }
            OldBase::Stated(place) => {
                let digest = stated()?;
                // Nothing is asked for that is known.
                if digest == *self.new.root.digest() || digest == new.digest {
                    return Ok(Base { place, root: self.new.root.clone() });
                }
                let at = place.at(&digest);
                let root = self.found.get(&digest, found("old", &at)).await?;
                // Only registries find an image by its digest.
                if *root.digest() != digest {
                    return Err(RebaseError::NoBase { which: "old", name: format!("{}@{digest}", place.describe()) });
                }
                Ok(Base { place, root })
            }
        }
    }
}

async fn found(which: &'static str, place: &Place) -> Result<Arc<Document>, RebaseError> {
    let unreadable = |source| RebaseError::Base { which, name: place.name(), source };
    match place.find(None).await.map_err(unreadable)? {
        Found::Document(document) => Ok(Arc::from(document)),
        _ => Err(RebaseError::NoBase { which, name: place.name() }),
    }
}

impl Base<'_> {
    /// Returns what the base is for a platform.
    pub(super) fn select(&self, which: &'static str, platform: &Platform) -> Result<Descriptor, RebaseError> {
        let Document::Index(index) = &*self.root else { return Ok(self.root.descriptor()) };
        let found = index.platforms().find(|(found, _)| *found == platform);
        found.map(|(_, descriptor)| descriptor.clone()).ok_or_else(|| RebaseError::Platform {
            which,
            name: self.place.name(),
            platform: platform.clone(),
            present: index.platforms().map(|(found, _)| found.clone()).take(20).collect(),
        })
    }

    /// Reads what the base is for a platform.
    pub(super) async fn read(
        &self,
        which: &'static str,
        descriptor: &Descriptor,
        platform: &Platform,
    ) -> Result<Single, RebaseError> {
        let unreadable = |source| RebaseError::Base { which, name: self.place.name(), source };
        let manifest = match &*self.root {
            Document::Manifest(manifest) if *manifest.digest() == descriptor.digest => manifest.clone(),
            _ => match self.place.exact_document(descriptor).await.map_err(unreadable)? {
                Document::Manifest(manifest) => manifest,
                Document::Index(_) => {
                    let (place, digest) = (self.place.describe(), descriptor.digest.clone());
                    return Err(unreadable(ImageError::NoImage { place, digest }));
                }
            },
        };
        let config = read_config(self.place, &manifest).await?;
        // A manifest without a list states only here what it is for.
        let (stated, wanted) = (&config.platform, platform);
        if (stated.os(), stated.architecture()) != (wanted.os(), wanted.architecture()) {
            let (name, present) = (self.place.name(), vec![stated.clone()]);
            return Err(RebaseError::Platform { which, name, platform: platform.clone(), present });
        }
        Ok(Single { manifest, config })
    }
}

/// Reads an image's config.
pub(super) async fn read_config(place: &Place, manifest: &Manifest) -> Result<Exact<ImageConfig>, RebaseError> {
    let bytes = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    let (place, digest) = (place.describe(), manifest.config.digest.clone());
    Exact::read(bytes).map_err(|source| RebaseError::Config { place, digest, source })
}
