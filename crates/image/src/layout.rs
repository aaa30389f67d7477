use crate::files::Files;
use crate::{BlobReader, ImageError};
use consign_oci::{Descriptor, Digest, Document, Index, Tag, annotation, media_type};
use consign_registry::verified;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Largest `index.json` or manifest that is read, in bytes.
const DOCUMENT_LIMIT: u64 = 8 << 20;
/// Most manifests in an `index.json`.
const MANIFEST_LIMIT: usize = 10_000;

/// An OCI layout (image-spec, image-layout.md) in a folder or a tar file.
#[derive(Clone, Debug)]
pub struct Layout {
    files: Files,
    index: Arc<Contents>,
}

#[derive(Debug)]
struct Contents {
    /// What `index.json` lists that is about nothing else.
    images: Vec<Descriptor>,
    /// What it lists that is about another manifest, by that manifest's digest.
    referrers: BTreeMap<Digest, Vec<Descriptor>>,
}

impl Layout {
    /// Opens the layout in a folder.
    pub fn folder(path: &Path) -> Result<Self, ImageError> {
        Self::open(Files::Folder(path.to_owned()))
    }

    /// Opens the layout in a tar file, as `skopeo copy … oci-archive:FILE` writes it. Nothing is unpacked.
    pub fn archive(path: &Path) -> Result<Self, ImageError> {
        Self::open(Files::archive(path)?)
    }

    fn open(files: Files) -> Result<Self, ImageError> {
        let refused = |reason: String| ImageError::NotALayout { path: files.path().to_owned(), reason };
        if files.read("oci-layout", 1024)?.is_none() {
            return Err(refused("it has no file `oci-layout`".to_owned()));
        }
        let Some(bytes) = files.read("index.json", DOCUMENT_LIMIT)? else {
            return Err(refused("it has no file `index.json`".to_owned()));
        };
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| refused(format!("`index.json`: {error}")))?;
        if index.manifests.len() > MANIFEST_LIMIT {
            return Err(refused(format!("it lists more than {MANIFEST_LIMIT} manifests")));
        }
        let mut contents = Contents { images: Vec::new(), referrers: BTreeMap::new() };
        for descriptor in index.manifests {
            let subject = read_document(&files, &descriptor)?.subject().map(|subject| subject.digest.clone());
            match subject {
                Some(subject) => contents.referrers.entry(subject).or_default().push(descriptor),
                None => contents.images.push(descriptor),
            }
        }
        Ok(Self { files, index: Arc::new(contents) })
    }

    /// Returns the tags of the images.
    pub fn tags(&self) -> Vec<Tag> {
        self.index.images.iter().filter_map(tag_of).collect()
    }

    /// Returns the image with this tag; without a tag, the only image.
    pub fn root(&self, tag: Option<&Tag>) -> Result<Option<Descriptor>, ImageError> {
        if let Some(tag) = tag {
            return Ok(self.index.images.iter().find(|image| tag_of(image).as_ref() == Some(tag)).cloned());
        }
        let mut images = self.index.images.iter();
        match (images.next(), images.next()) {
            (image, None) => Ok(image.cloned()),
            (Some(first), Some(_)) if self.index.images.iter().all(|image| image.digest == first.digest) => {
                Ok(Some(first.clone()))
            }
            _ => Err(ImageError::Ambiguous { place: self.describe(), tags: self.tags() }),
        }
    }

    /// Returns the manifests that are about `subject`.
    pub fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        self.index.referrers.get(subject).cloned().unwrap_or_default()
    }

    pub(crate) fn describe(&self) -> String {
        self.files.path().display().to_string()
    }

    pub(crate) fn document(&self, descriptor: &Descriptor) -> Result<Document, ImageError> {
        read_document(&self.files, descriptor)
    }

    pub(crate) fn reader(&self, descriptor: &Descriptor) -> Result<BlobReader, ImageError> {
        let missing = || ImageError::Missing { place: self.describe(), digest: descriptor.digest.clone() };
        let file = self.files.open(&blob_name(&descriptor.digest))?.ok_or_else(missing)?;
        Ok(verified(Blocking(file), descriptor))
    }
}

fn tag_of(descriptor: &Descriptor) -> Option<Tag> {
    // Some writers put a whole reference into this annotation; its tag is then what counts.
    let name = descriptor.annotations.get(annotation::REF_NAME)?;
    name.parse().ok().or_else(|| name.rsplit(':').next()?.parse().ok())
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn read_document(files: &Files, descriptor: &Descriptor) -> Result<Document, ImageError> {
    let place = || files.path().display().to_string();
    let digest = &descriptor.digest;
    let bytes = files.read(&blob_name(digest), DOCUMENT_LIMIT)?;
    let bytes = bytes.ok_or_else(|| ImageError::Missing { place: place(), digest: digest.clone() })?;
    if !digest.matches(&bytes) {
        return Err(ImageError::Mismatch { place: place(), digest: digest.clone() });
    }
    let media_type = match descriptor.media_type.as_str() {
        "" => media_type::MANIFEST,
        media_type => media_type,
    };
    Document::read(media_type, bytes).map_err(|source| ImageError::Document {
        place: place(),
        digest: digest.clone(),
        source,
    })
}

/// Reads a local file where an asynchronous reader is asked for. Files do not wait, so nothing is gained by another thread.
struct Blocking<R>(R);

impl<R: Read + Unpin> tokio::io::AsyncRead for Blocking<R> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let mut chunk = [0; 64 * 1024];
        let wanted = buffer.remaining().min(chunk.len());
        std::task::Poll::Ready(self.0.read(&mut chunk[..wanted]).map(|read| buffer.put_slice(&chunk[..read])))
    }
}

pub(crate) fn reader_of(file: std::fs::File, descriptor: &Descriptor) -> BlobReader {
    verified(Blocking(file), descriptor)
}
