//! Where an image is written: blobs and manifests by digest first, then its name.

mod bytes;
mod layout;

use crate::archive::folder::{list as add_to_list, unlist};
use crate::archive::write_archive;
use crate::graph::has_foreign_layers;
use crate::layout::INDEX;
use crate::{ArchiveImage, ImageError, ImageReference, Layout, Place, Pushed};
use consign_engine::{Engine, Engines};
use consign_oci::{Algorithm, Descriptor, Digest, Document, Reference, Tag, Target};
use consign_registry::{Client, RegistryError};
use consign_store::{Store, StoreError};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio_util::task::AbortOnDropHandle;

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
    /// The store, and from there an engine of this machine, which takes images of one platform.
    Engine {
        /// The store.
        store: Store,
        /// The engines.
        engines: Engines,
        /// Which of them.
        engine: Engine,
        /// The image's name.
        name: Reference,
    },
}

impl Sink {
    /// Opens the place of a name. Nothing is asked of a registry, and nothing is written yet. An engine is no such place: see [`Self::to_engine`].
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
            ImageReference::Engine { .. } => {
                return Err(ImageError::NotFromEngine { name: reference.to_string() });
            }
            ImageReference::DockerArchive { file, .. } => return Err(ImageError::ReadOnly { file: file.clone() }),
            ImageReference::Archive { .. } | ImageReference::Store { .. } => {
                Self::Store { store: store()?, reference: reference.clone() }
            }
        })
    }

    /// Opens the place of a name in an engine, by way of the store. The engine hears of nothing yet.
    pub fn to_engine(engines: Engines, engine: Engine, name: &Reference, store: Store) -> Result<Self, ImageError> {
        match name.digest {
            None => Ok(Self::Engine { store, engines, engine, name: name.clone() }),
            Some(_) => {
                let name = ImageReference::Engine { engine, name: name.clone() }.to_string();
                Err(ImageError::ByDigest { name })
            }
        }
    }

    /// Returns a name of the place, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.repository.to_string(),
            Self::Layout { folder, .. } => folder.display().to_string(),
            Self::Store { reference, .. } => reference.to_string(),
            Self::Engine { engine, name, .. } => format!("{}:{name}", engine.scheme()),
        }
    }

    /// Returns the place for another tag; `None` where it holds a single image.
    pub fn with_tag(&self, tag: &Tag) -> Option<Self> {
        match self {
            Self::Registry { client, reference } => {
                Some(Self::Registry { client: client.clone(), reference: reference.repository.tagged(tag.clone()) })
            }
            Self::Layout { folder, .. } => Some(Self::Layout { folder: folder.clone(), tag: Some(tag.clone()) }),
            Self::Store { .. } | Self::Engine { .. } => None,
        }
    }

    /// Returns the name that is written, for messages.
    pub fn name_of(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.to_string(),
            Self::Layout { folder, tag: Some(tag) } => format!("{}:{tag}", folder.display()),
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => self.describe(),
        }
    }

    /// Returns the tag that it is about, if it is one.
    pub fn tag(&self) -> Option<Tag> {
        match self {
            Self::Registry { reference, .. } => match reference.target() {
                Target::Tag(tag) => Some(tag),
                Target::Digest(_) => None,
            },
            Self::Layout { tag, .. } => tag.clone(),
            Self::Store { .. } | Self::Engine { .. } => None,
        }
    }

    /// Returns what the name names before anything is written.
    pub async fn before(&self) -> Result<Option<Descriptor>, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                Ok(client.manifest_descriptor(&reference.repository, &reference.target()).await?)
            }
            Self::Layout { folder, tag } if folder.join(INDEX).exists() => {
                Layout::folder_for(folder, tag.as_ref())?.root(tag.as_ref())
            }
            Self::Store { store, reference: ImageReference::Store { name } } => Ok(store.reference(name)?),
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => Ok(None),
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
            Self::Store { store, .. } | Self::Engine { store, .. } => crate::graph::read_stored(store, descriptor).ok(),
        }
    }

    /// Refuses what has no place here, before anything of it is brought.
    pub fn check(&self, root: &Document) -> Result<(), ImageError> {
        match (self, root) {
            (Self::Engine { .. }, Document::Manifest(image)) if has_foreign_layers(image) => {
                Err(ImageError::Foreign { place: self.describe(), digest: root.digest().clone() })
            }
            _ => Ok(()),
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

    /// Returns the tags that are there. The store and archives have none.
    pub async fn tags(&self) -> Result<Vec<Tag>, ImageError> {
        match self {
            Self::Registry { client, reference } => Ok(client.tags(&reference.repository).await?),
            Self::Layout { folder, .. } if folder.join(INDEX).exists() => Ok(Layout::folder(folder)?.tags()),
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => Ok(Vec::new()),
        }
    }

    /// Returns what a tag names.
    pub async fn named(&self, tag: &Tag) -> Result<Option<Descriptor>, ImageError> {
        match self.with_tag(tag) {
            Some(sink) => sink.before().await,
            None => Ok(None),
        }
    }

    /// Takes a manifest away: a registry deletes it, a layout lists it no longer. Returns whether that is something that the place can do.
    pub async fn remove_manifest(&self, digest: &Digest) -> Result<bool, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                client.delete_manifest(&reference.repository, &Target::Digest(digest.clone())).await?;
            }
            Self::Layout { folder, .. } => unlist(digest, folder)?,
            Self::Store { .. } | Self::Engine { .. } => return Ok(false),
        }
        Ok(true)
    }

    /// Deletes a tag, whatever it names; `false` if there was none. Only registries can.
    pub async fn delete(&self, tag: &Tag) -> Result<bool, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                Ok(client.delete_manifest(&reference.repository, &Target::Tag(tag.clone())).await?)
            }
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => Ok(false),
        }
    }

    /// Returns what the name was last seen to name, if that is not longer ago than `age`.
    pub fn seen_lately(&self, age: Duration) -> Option<Descriptor> {
        match self {
            Self::Registry { client, reference } => match reference.target() {
                Target::Tag(tag) => client.seen_lately(&reference.repository, &tag, age),
                Target::Digest(_) => None,
            },
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => None,
        }
    }

    /// Returns those of some manifests that were brought here before.
    pub fn brought(&self, digests: &BTreeSet<Digest>) -> BTreeSet<Digest> {
        match self {
            Self::Registry { client, reference } => client.brought(&reference.repository, digests),
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => BTreeSet::new(),
        }
    }

    /// Returns those of some blobs that need not be brought: they are there, or it is refused to write what they are parts of. Which of the two may
    /// be tried out where something may be written.
    pub async fn believed(&self, digests: &BTreeSet<Digest>, may_write: bool) -> BTreeSet<Digest> {
        match self {
            Self::Registry { client, reference } => client.believed(&reference.repository, digests, may_write).await,
            Self::Layout { .. } | Self::Store { .. } | Self::Engine { .. } => BTreeSet::new(),
        }
    }

    /// Believes no longer that anything is there.
    pub fn forget_holdings(&self) {
        if let Self::Registry { client, reference } = self {
            client.forget_holdings(&reference.repository);
        }
    }

    /// Returns whether a blob is there.
    pub async fn has_blob(&self, blob: &Descriptor) -> Result<bool, ImageError> {
        match self {
            Self::Registry { client, reference } => Ok(client.blob_exists(&reference.repository, &blob.digest).await?),
            Self::Layout { folder, .. } => Ok(layout::has_blob(folder, blob)),
            Self::Store { store, .. } | Self::Engine { store, .. } => Ok(store.has(blob)),
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
            Self::Layout { folder, .. } => {
                let (folder, blob, source) = (folder.clone(), blob.clone(), source.clone());
                self.apart(async move { layout::put_blob(&folder, &blob, &source).await }).await
            }
            Self::Store { store, .. } | Self::Engine { store, .. } if store.has(blob) => Ok(Pushed::Existed),
            Self::Store { store, .. } | Self::Engine { store, .. } => {
                let (store, blob, source) = (store.clone(), blob.clone(), source.clone());
                self.apart(async move {
                    let mut writer = store.writer()?;
                    pour(&source, &blob, &mut writer, store.root()).await?;
                    writer.commit(Some(&blob.digest))?;
                    Ok(Pushed::Uploaded)
                })
                .await
            }
        }
    }

    /// Writes a blob in a task of its own: to hash it keeps a processor busy, and those that arrive together should have one each.
    async fn apart(
        &self,
        work: impl Future<Output = Result<Pushed, ImageError>> + Send + 'static,
    ) -> Result<Pushed, ImageError> {
        let failed = |error| {
            let (action, path) = ("write a blob to", self.describe().into());
            ImageError::Io { action, path, source: io::Error::other(error) }
        };
        AbortOnDropHandle::new(tokio::spawn(work)).await.map_err(failed).flatten()
    }

    /// Writes a manifest by a digest of its bytes, of whatever algorithm it is listed by.
    pub async fn put_document(&self, document: &Document, digest: &Digest) -> Result<(), ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let target = Target::Digest(digest.clone());
                Ok(client.put_manifest(&reference.repository, &target, document).await?)
            }
            Self::Layout { folder, .. } => layout::put_document(folder, document, digest),
            Self::Store { .. } | Self::Engine { .. } if digest.algorithm() != Algorithm::Sha256 => {
                Err(ImageError::Algorithm { place: self.describe(), digest: digest.clone() })
            }
            Self::Store { store, .. } | Self::Engine { store, .. } => Ok(store.put(document.bytes()).map(drop)?),
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
            Self::Engine { store, engines, engine, name } => {
                self.check(root)?;
                store.put(root.bytes())?;
                let tag = name.tag.clone().unwrap_or_else(Tag::latest);
                let named =
                    ArchiveImage { name: Some((name.repository.to_string(), tag)), referrers: Vec::new(), ..image };
                crate::engine::to_engine(engines, (*engine, name), store, named).await
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
