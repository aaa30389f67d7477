//! Where an image is written: blobs and manifests by digest first, then its name.

mod layout;

use crate::archive::folder::list as add_to_list;
use crate::archive::write_archive;
use crate::layout::INDEX;
use crate::{ArchiveImage, ImageError, ImageReference, Layout, Place, Pushed};
use consign_oci::{Algorithm, Descriptor, Digest, Document, Reference, Tag, Target};
use consign_registry::{Client, RegistryError};
use consign_store::{Store, StoreError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// Bytes that are read and written at once.
const CHUNK: usize = 256 << 10;

/// Where an image is written.
#[derive(Clone)]
pub enum Sink {
    /// A registry.
    Registry {
        /// The client that speaks to it.
        client: Client,
        /// The image's name there.
        reference: Reference,
    },
    /// An OCI layout in a folder.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// The image's tag there.
        tag: Option<Tag>,
    },
    /// The store, and from there an archive where the name is one.
    Store {
        /// The store.
        store: Store,
        /// The image's name.
        reference: ImageReference,
    },
}

impl Sink {
    /// Opens the place of a name. Nothing is asked of a registry, and nothing is written yet.
    pub fn open(
        reference: &ImageReference,
        client: &Client,
        store: impl FnOnce() -> Result<Store, StoreError>,
    ) -> Result<Self, ImageError> {
        Ok(match reference {
            ImageReference::Registry(reference) => {
                Self::Registry { client: client.clone(), reference: reference.clone() }
            }
            ImageReference::Layout { folder, tag } => Self::Layout { folder: folder.clone(), tag: tag.clone() },
            ImageReference::DockerArchive { file, .. } => return Err(ImageError::ReadOnly { file: file.clone() }),
            ImageReference::Archive { .. } | ImageReference::Store { .. } => {
                Self::Store { store: store()?, reference: reference.clone() }
            }
        })
    }

    /// Returns a name of the place, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.repository.to_string(),
            Self::Layout { folder, .. } => folder.display().to_string(),
            Self::Store { reference, .. } => reference.to_string(),
        }
    }

    /// Returns the place for another tag; `None` where it holds a single image.
    pub fn with_tag(&self, tag: &Tag) -> Option<Self> {
        match self {
            Self::Registry { client, reference } => {
                Some(Self::Registry { client: client.clone(), reference: reference.repository.tagged(tag.clone()) })
            }
            Self::Layout { folder, .. } => Some(Self::Layout { folder: folder.clone(), tag: Some(tag.clone()) }),
            Self::Store { .. } => None,
        }
    }

    /// Returns what the name names before anything is written.
    pub async fn before(&self) -> Result<Option<Descriptor>, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                Ok(client.manifest_descriptor(&reference.repository, &reference.target()).await?)
            }
            Self::Layout { folder, tag } if folder.join(INDEX).exists() => Layout::folder(folder)?.root(tag.as_ref()),
            Self::Store { store, reference: ImageReference::Store { name } } => Ok(store.reference(name)?),
            Self::Layout { .. } | Self::Store { .. } => Ok(None),
        }
    }

    /// Reads a manifest that is there; `None` if it is not, or cannot be read.
    pub async fn document(&self, descriptor: &Descriptor) -> Option<Document> {
        match self {
            Self::Registry { client, reference } => {
                let target = Target::Digest(descriptor.digest.clone());
                client.manifest(&reference.repository, &target).await.ok().flatten()
            }
            Self::Layout { folder, .. } => Layout::folder(folder).ok()?.document(descriptor).ok(),
            Self::Store { store, .. } => crate::graph::read_stored(store, descriptor).ok(),
        }
    }

    /// Returns whether everything of the source is here already, but for the name.
    pub fn shares(&self, source: &Place) -> bool {
        match (self, source) {
            (Self::Registry { reference: to, .. }, Place::Registry { reference: from, .. }) => {
                to.repository == from.repository
            }
            _ => false,
        }
    }

    /// Brings a blob, unless it is there.
    pub async fn put_blob(&self, blob: &Descriptor, source: &Place) -> Result<Pushed, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let sibling = match source {
                    Place::Registry { reference, .. } => Some(&reference.repository),
                    Place::Layout { .. } | Place::Store { .. } => None,
                };
                let open = || async { source.unchecked(blob).await.map_err(io::Error::other) };
                let sibling = sibling.filter(|from| from.registry() == reference.repository.registry());
                match client.push_blob(&reference.repository, blob, open, sibling).await {
                    Err(RegistryError::Source { source: error, .. }) => Err(unreadable(source, blob, error)),
                    pushed => Ok(pushed?),
                }
            }
            Self::Layout { folder, .. } => layout::put_blob(folder, blob, source).await,
            Self::Store { store, .. } if store.has(blob) => Ok(Pushed::Existed),
            Self::Store { store, .. } => {
                let mut writer = store.writer()?;
                pour(source, blob, &mut writer, store.root()).await?;
                writer.commit(Some(&blob.digest))?;
                Ok(Pushed::Uploaded)
            }
        }
    }

    /// Writes a manifest by a digest of its bytes, of whatever algorithm it is listed by.
    pub async fn put_document(&self, document: &Document, digest: &Digest) -> Result<(), ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let target = Target::Digest(digest.clone());
                Ok(client.put_manifest(&reference.repository, &target, document).await?)
            }
            Self::Layout { folder, .. } => layout::put_document(folder, document, digest),
            Self::Store { .. } if digest.algorithm() != Algorithm::Sha256 => {
                Err(ImageError::Algorithm { place: self.describe(), digest: digest.clone() })
            }
            Self::Store { store, .. } => Ok(store.put(document.bytes()).map(drop)?),
        }
    }

    /// Makes the name name a manifest, all parts of which are there. `about` lists the artifacts that were brought with it.
    pub async fn name(&self, root: &Document, about: &[(Digest, Descriptor)]) -> Result<(), ImageError> {
        let referrers = about.iter().map(|(_, artifact)| artifact.clone()).collect();
        let image = ArchiveImage { root: root.descriptor(), name: None, referrers };
        match self {
            Self::Registry { client, reference } => {
                Ok(client.put_manifest(&reference.repository, &reference.target(), root).await?)
            }
            Self::Layout { folder, tag } => {
                layout::put_document(folder, root, root.digest())?;
                add_to_list(&image, tag.as_ref(), folder, || Ok(()))
            }
            Self::Store { store, reference } => {
                store.put(root.bytes())?;
                for (subject, artifact) in about {
                    store.put_receipt(subject, artifact)?;
                }
                write_archive(store, &image, reference)
            }
        }
    }
}

/// Writes a blob's bytes to what lies at a path, having checked all of them before the last.
pub(crate) async fn pour(
    source: &Place,
    blob: &Descriptor,
    to: &mut impl Write,
    path: &Path,
) -> Result<(), ImageError> {
    let mut reader = source.reader(blob).await?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk).await {
            Ok(0) => return Ok(()),
            Ok(read) => {
                let failed = |source| ImageError::Io { action: "write to", path: path.to_owned(), source };
                to.write_all(&chunk[..read]).map_err(failed)?;
            }
            Err(error) => return Err(unreadable(source, blob, error)),
        }
    }
}

/// Says that a blob could not be read where it lies.
fn unreadable(source: &Place, blob: &Descriptor, error: io::Error) -> ImageError {
    let (place, digest) = (source.describe(), blob.digest.clone());
    match error.kind() {
        io::ErrorKind::InvalidData => ImageError::Mismatch { place, digest },
        _ => match error.downcast::<ImageError>() {
            Ok(error) => error,
            Err(source) => ImageError::Io { action: "read a blob of", path: place.into(), source },
        },
    }
}
