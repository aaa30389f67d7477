use crate::layout::reader_of;
use crate::{BlobReader, ImageError, ImageReference, Layout};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, DocumentError, Reference, Tag, Target};
use consign_registry::{Client, Found};
use consign_store::{Store, StoreError};
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// An image wherever it lies.
#[derive(Clone)]
pub enum Place {
    /// On a registry.
    Registry {
        /// The client that speaks to it.
        client: Client,
        /// The image.
        reference: Reference,
    },
    /// In an OCI layout, in a folder or an archive.
    Layout {
        /// The layout.
        layout: Layout,
        /// The tag that was asked for.
        tag: Option<Tag>,
    },
    /// In the store.
    Store {
        /// The store.
        store: Store,
        /// What the name refers to.
        root: Option<Descriptor>,
        /// The name.
        name: String,
    },
}

impl Place {
    /// Opens what `reference` names. Nothing is asked of a registry yet, and the store is opened only where the image lies in it.
    /// Engines are not asked here: see [`from_engine`](crate::from_engine).
    pub fn open(
        reference: &ImageReference,
        client: &Client,
        store: impl FnOnce() -> Result<Store, StoreError>,
    ) -> Result<Self, ImageError> {
        Ok(match reference {
            ImageReference::Registry(reference) => {
                Self::Registry { client: client.clone(), reference: reference.clone() }
            }
            ImageReference::Layout { folder, tag } => {
                Self::Layout { layout: Layout::folder(folder)?, tag: tag.clone() }
            }
            ImageReference::Archive { file, tag } => Self::Layout { layout: Layout::archive(file)?, tag: tag.clone() },
            ImageReference::DockerArchive { file, tag } => {
                Self::Layout { layout: Layout::docker_archive(file)?, tag: tag.clone() }
            }
            ImageReference::Engine { .. } => {
                return Err(ImageError::NotFromEngine { name: reference.to_string() });
            }
            ImageReference::Store { name } => {
                let store = store()?;
                Self::Store { root: store.reference(name)?, store, name: name.clone() }
            }
        })
    }

    /// Returns what the tag names in the same place. The store has no tags.
    pub fn with_tag(&self, tag: &Tag) -> Self {
        match self {
            Self::Registry { client, reference } => {
                Self::Registry { client: client.clone(), reference: reference.repository.tagged(tag.clone()) }
            }
            Self::Layout { layout, .. } => Self::Layout { layout: layout.clone(), tag: Some(tag.clone()) },
            Self::Store { .. } => self.clone(),
        }
    }

    /// Returns the image that was found there, whatever becomes of its tag meanwhile. What lies on this machine was opened already.
    pub fn at(&self, digest: &Digest) -> Self {
        match self {
            Self::Registry { client, reference } => {
                let tag = match reference.target() {
                    Target::Tag(tag) => Some(tag),
                    Target::Digest(_) => reference.tag.clone(),
                };
                let reference = Reference { tag, digest: Some(digest.clone()), ..reference.clone() };
                Self::Registry { client: client.clone(), reference }
            }
            Self::Layout { .. } | Self::Store { .. } => self.clone(),
        }
    }

    /// Returns the name of the image, for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.to_string(),
            Self::Layout { layout, tag: Some(tag) } => format!("{}:{tag}", layout.describe()),
            Self::Layout { .. } | Self::Store { .. } => self.describe(),
        }
    }

    /// Returns the name of the image as it is asked for: with the tag that is meant where none is written, by its digest alone where there is one.
    pub fn full_name(&self) -> String {
        match self {
            Self::Registry { reference, .. } => match reference.target() {
                Target::Tag(tag) => reference.repository.tagged(tag).to_string(),
                Target::Digest(digest) => format!("{}@{digest}", reference.repository),
            },
            Self::Layout { .. } | Self::Store { .. } => self.name(),
        }
    }

    /// Returns a name of the place, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.repository.to_string(),
            Self::Layout { layout, .. } => layout.describe(),
            Self::Store { name, .. } => format!("store:{name}"),
        }
    }

    /// Returns what the reference names; `None` if it names nothing.
    pub async fn root(&self) -> Result<Option<Descriptor>, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                Ok(client.manifest_descriptor(&reference.repository, &reference.target()).await?)
            }
            Self::Layout { layout, tag } => layout.root(tag.as_ref()),
            Self::Store { root, .. } => Ok(root.clone()),
        }
    }

    /// Reads what the reference names, unless that is what is `known` of it. On a registry that is one request, as a rule.
    pub async fn find(&self, known: Option<&Digest>) -> Result<Found, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                if known.is_some() && reference.digest.as_ref() == known {
                    return Ok(Found::Same);
                }
                let (repository, target) = (&reference.repository, reference.target());
                Ok(match known {
                    Some(known) => client.manifest_unless(repository, &target, known).await?,
                    None => client.manifest(repository, &target).await?.map_or(Found::Nothing, Found::of),
                })
            }
            Self::Layout { .. } | Self::Store { .. } => match self.root().await? {
                None => Ok(Found::Nothing),
                Some(root) if Some(&root.digest) == known => Ok(Found::Same),
                Some(root) => Ok(Found::of(self.document(&root).await?)),
            },
        }
    }

    /// Returns for how long the tag that was asked for has been seen to name an image; `None` where nobody watches.
    pub fn seen_for(&self, digest: &Digest) -> Option<Duration> {
        match self {
            Self::Registry { client, reference } => match reference.target() {
                Target::Tag(tag) => Some(client.seen_for(&reference.repository, &tag, digest)),
                Target::Digest(_) => None,
            },
            Self::Layout { .. } | Self::Store { .. } => None,
        }
    }

    /// Returns what `tag` names in the same place.
    pub async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                Ok(client.manifest_descriptor(&reference.repository, &Target::Tag(tag.clone())).await?)
            }
            Self::Layout { layout, .. } => layout.root(Some(tag)),
            Self::Store { .. } => Ok(None),
        }
    }

    /// Returns the tags of the repository or layout. The store has none.
    pub async fn tags(&self) -> Result<Vec<Tag>, ImageError> {
        match self {
            Self::Registry { client, reference } => Ok(client.tags(&reference.repository).await?),
            Self::Layout { layout, .. } => Ok(layout.tags().into_iter().chain(layout.digest_tags()).collect()),
            Self::Store { .. } => Ok(Vec::new()),
        }
    }

    /// Reads a manifest and checks it against the descriptor's digest. Its size and type are the caller's to compare.
    pub async fn document(&self, descriptor: &Descriptor) -> Result<Document, ImageError> {
        let digest = || descriptor.digest.clone();
        if descriptor.size > DOCUMENT_LIMIT {
            let (place, size) = (self.describe(), descriptor.size);
            return Err(ImageError::TooLarge { place, digest: digest(), size, limit: DOCUMENT_LIMIT });
        }
        match self {
            Self::Registry { client, reference } => {
                let document = client.manifest(&reference.repository, &Target::Digest(digest())).await;
                let document = document.map_err(|error| ImageError::of_registry(self.describe(), digest(), error))?;
                document.ok_or_else(|| ImageError::Missing { place: self.describe(), digest: digest() })
            }
            Self::Layout { layout, .. } => layout.document(descriptor),
            Self::Store { store, .. } => {
                let bytes = store.read(&descriptor.digest, DOCUMENT_LIMIT)?;
                Document::read(&descriptor.media_type, bytes).map_err(|source| ImageError::Document {
                    place: self.describe(),
                    digest: digest(),
                    source,
                })
            }
        }
    }

    /// Reads a manifest that is to be what the descriptor says in every respect: a registry answers with a type of its own, and the
    /// descriptor's is the one that was signed or listed.
    pub async fn exact_document(&self, descriptor: &Descriptor) -> Result<Document, ImageError> {
        let document = self.document(descriptor).await?;
        let (place, digest, found) = (self.describe(), descriptor.digest.clone(), document.bytes().len() as u64);
        if found != descriptor.size {
            return Err(ImageError::Size { place, digest, found, stated: descriptor.size });
        }
        if document.media_type() != descriptor.media_type {
            let (stated, served) = (document.media_type().to_owned(), descriptor.media_type.clone());
            let source = DocumentError::Disagreement { served, stated };
            return Err(ImageError::Document { place, digest, source });
        }
        Ok(document)
    }

    /// Returns how many mirrors are asked before the registry itself: one fewer after one has failed, so that another try finds something else.
    pub(crate) fn mirrors(&self) -> usize {
        match self {
            Self::Registry { client, reference } => client.mirrors_of(&reference.repository).len(),
            Self::Layout { .. } | Self::Store { .. } => 0,
        }
    }

    /// Reads a blob of at most `limit` bytes and checks it against its descriptor.
    pub async fn bytes(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, ImageError> {
        loop {
            let mirrors = self.mirrors();
            match self.bytes_once(descriptor, limit).await {
                Err(_) if self.mirrors() < mirrors => {}
                read => return read,
            }
        }
    }

    async fn bytes_once(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, ImageError> {
        if descriptor.size > limit {
            let (place, digest) = (self.describe(), descriptor.digest.clone());
            return Err(ImageError::TooLarge { place, digest, size: descriptor.size, limit });
        }
        let mut bytes = Vec::new();
        let mut reader = self.reader(descriptor).await?;
        match reader.read_to_end(&mut bytes).await {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.unread(descriptor, error)),
        }
    }

    /// Makes the error that a blob could not be read to its end, of what its reader said.
    pub fn unread(&self, descriptor: &Descriptor, error: io::Error) -> ImageError {
        let (place, digest) = (self.describe(), descriptor.digest.clone());
        match error.kind() {
            io::ErrorKind::InvalidData => ImageError::Mismatch { place, digest },
            _ => ImageError::Io { action: "read a blob of", path: place.into(), source: error },
        }
    }

    /// Returns how many bytes a blob has, as the place says; `None` if it is not there.
    pub async fn blob_size(&self, digest: &Digest) -> Result<Option<u64>, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let size = client.blob_size(&reference.repository, digest).await;
                size.map_err(|error| ImageError::of_registry(self.describe(), digest.clone(), error))
            }
            Self::Layout { layout, .. } => layout.blob_size(digest),
            Self::Store { store, .. } => match store.open_blob(digest) {
                Ok(blob) => Ok(Some(blob.size())),
                Err(StoreError::Missing { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Opens a blob that lies on this machine; on a registry none does. What comes is not checked.
    pub fn file(&self, descriptor: &Descriptor) -> Result<Box<dyn io::Read + Send>, ImageError> {
        match self {
            Self::Registry { .. } => {
                Err(ImageError::Missing { place: self.describe(), digest: descriptor.digest.clone() })
            }
            Self::Layout { layout, .. } => Ok(Box::new(layout.file(&descriptor.digest)?)),
            Self::Store { store, .. } => Ok(Box::new(store.open_blob(&descriptor.digest)?.into_file())),
        }
    }

    /// Opens a blob. Reading it to the end fails if its bytes are not those of the descriptor.
    pub async fn reader(&self, descriptor: &Descriptor) -> Result<BlobReader, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let reader = client.blob(&reference.repository, descriptor).await;
                reader.map_err(|error| ImageError::of_registry(self.describe(), descriptor.digest.clone(), error))
            }
            Self::Layout { layout, .. } => layout.reader(descriptor),
            Self::Store { store, .. } => Ok(reader_of(store.open_blob(&descriptor.digest)?.into_file(), descriptor)),
        }
    }

    /// Opens a blob for a writer that checks what comes.
    pub(crate) async fn unchecked(&self, descriptor: &Descriptor) -> Result<BlobReader, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let reader = client.unchecked_blob(&reference.repository, &descriptor.digest).await;
                reader.map_err(|error| ImageError::of_registry(self.describe(), descriptor.digest.clone(), error))
            }
            Self::Layout { .. } | Self::Store { .. } => self.reader(descriptor).await,
        }
    }

    /// Returns the manifests that are about `digest`. That they cannot be listed is an error, never an empty list.
    pub async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, ImageError> {
        match self {
            Self::Registry { client, reference } => Ok(client.referrers(&reference.repository, digest).await?),
            Self::Layout { layout, .. } => Ok(layout.referrers(digest)),
            Self::Store { store, .. } => Ok(store.receipts(digest)?),
        }
    }
}
