use crate::{ImageError, Place, Trouble, import};
use consign_oci::layer::Layer;
use consign_oci::{
    DOCUMENT_LIMIT, Descriptor, Digest, Document, Exact, ImageConfig, Manifest, Platform, Reference, StatedBase,
    media_type,
};
use consign_receipt::predicate::ResourceDescriptor;
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;

/// A base image that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It cannot be read.
    #[error("cannot read the base image {place}")]
    Image {
        /// The base image.
        place: String,
        /// Why not.
        source: ImageError,
    },
    /// There is nothing there.
    #[error("there is no base image at {place}")]
    Missing {
        /// The base image.
        place: String,
    },
    /// What a lock names is no longer there.
    #[error("{place} no longer has the base image {digest}, which is the one that is locked")]
    Gone {
        /// The base image, as the image file names it.
        base: String,
        /// Where it was.
        place: String,
        /// What is locked.
        digest: Digest,
    },
    /// It was not brought here before, and the network is not to be used.
    #[error("the base image {reference} is not in the store, and consign is offline")]
    Offline {
        /// The base image.
        reference: Reference,
    },
    /// It was not brought here before for this platform, and the network is not to be used.
    #[error("the base image {reference} is not in the store for {platform}, and consign is offline")]
    NotKept {
        /// The base image.
        reference: Reference,
        /// What is wanted.
        platform: Platform,
    },
    /// What its name stood for cannot be noted.
    #[error("what the base image {place} is cannot be noted")]
    Note {
        /// The base image.
        place: String,
        /// Why not.
        source: StoreError,
    },
    /// It is not made for the platform.
    #[error("the base image {place} has no {platform}; it has {}", list(present))]
    Platform {
        /// The base image.
        place: String,
        /// What is wanted.
        platform: Platform,
        /// What it has.
        present: Vec<Platform>,
    },
    /// Its config is not valid.
    #[error("the config {digest} of the base image {place} is not valid")]
    Config {
        /// The base image.
        place: String,
        /// The config.
        digest: Digest,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Its config and its manifest do not agree.
    #[error("the base image {place} has {layers} layers, but its config lists {listed}")]
    Layers {
        /// The base image.
        place: String,
        /// Layers of the manifest.
        layers: usize,
        /// Layers of the config.
        listed: usize,
    },
}

fn list(platforms: &[Platform]) -> String {
    platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ")
}

/// The part of a base image that is for one platform. Its blobs are in the store.
#[derive(Clone, Debug)]
pub struct Base {
    /// What the reference names: an index or the manifest itself.
    pub root: Digest,
    /// Its manifest.
    pub manifest: Exact<Manifest>,
    /// Its config.
    pub config: ImageConfig,
    /// Where it is from, for messages.
    pub place: String,
    /// The reference without its digest, when it is one of a registry.
    pub name: Option<String>,
}

impl BaseError {
    /// Returns what it means that something is not there that a lock names.
    pub fn of_locked(self, base: &str, root: &Digest) -> Self {
        match self {
            Self::Image { place, source } if source.trouble() == Trouble::Missing => {
                Self::Gone { base: base.to_owned(), place, digest: root.clone() }
            }
            error => error,
        }
    }
}

impl Base {
    /// Returns what the reference to a base image names. What one to a registry stands for is noted in the store, and counts where `offline` keeps
    /// the registry from being asked.
    pub async fn root(place: &Place, store: &Store, offline: bool) -> Result<Descriptor, BaseError> {
        let failed = |source| BaseError::Image { place: place.describe(), source };
        let missing = || BaseError::Missing { place: name(place) };
        let Place::Registry { reference, .. } = place else {
            return place.root().await.map_err(failed)?.ok_or_else(missing);
        };
        let noted = |source| BaseError::Note { place: reference.to_string(), source };
        if offline {
            let kept = store.reference(&note(reference)).map_err(noted)?;
            return kept.ok_or_else(|| BaseError::Offline { reference: reference.clone() });
        }
        let root = place.root().await.map_err(failed)?.ok_or_else(missing)?;
        let document = place.document(&root).await.map_err(failed)?;
        store.put(document.bytes()).map_err(noted)?;
        store.put_reference(&note(reference), &document.descriptor()).map_err(noted)?;
        Ok(document.descriptor())
    }

    /// Returns what a reference named before, if the place still has it.
    pub async fn find(place: &Place, root: &Descriptor) -> Result<Option<Descriptor>, BaseError> {
        match place.document(root).await {
            Ok(document) => Ok(Some(document.descriptor())),
            Err(error) if error.trouble() == Trouble::Missing => Ok(None),
            Err(source) => Err(BaseError::Image { place: place.describe(), source }),
        }
    }

    /// Brings the part of a base image that is for `platform` into the store. `root` is what its reference names. Where `offline`, nothing is
    /// asked of a registry.
    pub async fn fetch(
        place: &Place,
        root: &Descriptor,
        platform: &Platform,
        store: &Store,
        offline: bool,
    ) -> Result<Self, BaseError> {
        let Place::Registry { reference, .. } = place else {
            return Self::read(place, root, platform, store).await;
        };
        let tag = reference.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let name = Some(format!("{}{tag}", reference.repository));
        if !offline {
            return Ok(Self { name, ..Self::read(place, root, platform, store).await? });
        }
        let kept = Place::Store { store: store.clone(), root: Some(root.clone()), name: reference.to_string() };
        match Self::read(&kept, root, platform, store).await {
            Ok(base) => Ok(Self { name, ..base }),
            Err(BaseError::Image { source, .. }) if source.trouble() == Trouble::Missing => {
                Err(BaseError::NotKept { reference: reference.clone(), platform: platform.clone() })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a config, which alone says what platform a manifest without an index is for.
    pub async fn config(place: &Place, descriptor: &Descriptor) -> Result<ImageConfig, BaseError> {
        let failed = |source| BaseError::Image { place: place.describe(), source };
        let bytes = place.bytes(descriptor, DOCUMENT_LIMIT).await.map_err(failed)?;
        let invalid = |source| BaseError::Config { place: name(place), digest: descriptor.digest.clone(), source };
        serde_json::from_slice(&bytes).map_err(invalid)
    }

    /// Reads the part that is for `platform` from a place into the store.
    async fn read(place: &Place, root: &Descriptor, platform: &Platform, store: &Store) -> Result<Self, BaseError> {
        let name = || name(place);
        let failed = |source| BaseError::Image { place: place.describe(), source };
        let document = place.document(root).await.map_err(failed)?;
        let (descriptor, manifest) = match &document {
            Document::Manifest(manifest) => (root.clone(), manifest.clone()),
            Document::Index(index) => {
                let Some((_, descriptor)) = index.platforms().find(|(found, _)| *found == platform) else {
                    let present = index.platforms().map(|(found, _)| found.clone()).collect();
                    return Err(BaseError::Platform { place: name(), platform: platform.clone(), present });
                };
                match place.document(descriptor).await.map_err(failed)? {
                    Document::Manifest(manifest) => (descriptor.clone(), manifest),
                    Document::Index(_) => {
                        return Err(BaseError::Platform {
                            place: name(),
                            platform: platform.clone(),
                            present: Vec::new(),
                        });
                    }
                }
            }
        };
        let config = Self::config(place, &manifest.config).await?;
        // A manifest without an index states its platform only here.
        if config.platform != *platform {
            let present = vec![config.platform];
            return Err(BaseError::Platform { place: name(), platform: platform.clone(), present });
        }
        if manifest.layers.len() != config.rootfs.diff_ids.len() {
            let (layers, listed) = (manifest.layers.len(), config.rootfs.diff_ids.len());
            return Err(BaseError::Layers { place: name(), layers, listed });
        }
        import(place, &descriptor, store).await.map_err(failed)?;
        Ok(Self { root: root.digest.clone(), manifest, config, place: name(), name: None })
    }

    /// Returns the layers, lowest first, with the types that an OCI manifest names them by.
    pub fn layers(&self) -> Vec<Layer> {
        let convert = |layer: &Descriptor| match layer.media_type.as_str() {
            media_type::DOCKER_LAYER_GZIP => Descriptor::new(media_type::LAYER_GZIP, layer.digest.clone(), layer.size),
            _ => layer.clone(),
        };
        // There are as many of the one as of the other.
        let layers = self.manifest.layers.iter().zip(&self.config.rootfs.diff_ids);
        layers.map(|(layer, diff_id)| Layer { descriptor: convert(layer), diff_id: diff_id.clone() }).collect()
    }

    /// Returns the annotations of an image that is built on it.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        StatedBase::annotations(self.name.as_deref(), self.manifest.digest(), &self.config.rootfs.diff_ids)
    }

    /// Returns it as an input of an image that is built on it: what its reference names, and what that has for the platform.
    pub fn dependencies(&self) -> Vec<ResourceDescriptor> {
        let uri = self.name.as_ref().map(|name| format!("oci://{name}@{}", self.root));
        let mut dependencies = vec![ResourceDescriptor::named("base image", uri, &self.root)];
        if self.root != *self.manifest.digest() {
            dependencies.push(ResourceDescriptor::named("base image for the platform", None, self.manifest.digest()));
        }
        dependencies
    }
}

/// Returns the name of a base image, for messages.
fn name(place: &Place) -> String {
    match place {
        Place::Registry { reference, .. } => reference.to_string(),
        place => place.describe(),
    }
}

/// Returns the name in the store under which it is noted what a reference stood for. A reference may be longer than the name of a file.
fn note(reference: &Reference) -> String {
    format!("base/{}", Digest::of(reference.to_string().as_bytes()).hex())
}
