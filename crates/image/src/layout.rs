use crate::files::{Files, OpenFile};
use crate::{BlobReader, ImageError, LayoutProblem};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Index, Reference, Tag, annotation, media_type};
use consign_registry::verified;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Most manifests in an `index.json`.
pub(crate) const MANIFEST_LIMIT: usize = 10_000;
/// The file that says that a folder is a layout (image-spec, image-layout.md, "oci-layout file").
pub(crate) const MARKER: &str = "oci-layout";
/// The file that lists the images.
pub(crate) const INDEX: &str = "index.json";
/// The file in which archives of ours list what is about their image, as a registry does when asked for referrers. Most tools take
/// everything in `index.json` for an image, and ask which one is meant where there are several.
pub(crate) const REFERRERS: &str = "referrers.json";

/// An OCI layout (image-spec, image-layout.md) in a folder or a tar file.
#[derive(Clone, Debug)]
pub struct Layout {
    files: Files,
    contents: Arc<Contents>,
}

#[derive(Debug)]
struct Contents {
    index: Index,
    /// `index.json` itself, where it is an image rather than a list of images: it lists one for each platform, and none has a tag.
    whole: Option<Document>,
    /// What `index.json` lists that is about nothing else.
    images: Vec<Descriptor>,
    /// What it lists under tags that say which manifest it is about.
    tagged: Vec<Descriptor>,
    /// What it lists that is about another manifest, by that manifest's digest and its own.
    referrers: BTreeMap<Digest, BTreeMap<Digest, Descriptor>>,
}

/// What a layout's list says of a manifest is not enough: this is in the manifest.
#[derive(Clone)]
struct Facts {
    size: u64,
    subject: Option<Digest>,
    artifact_type: Option<String>,
}

impl Layout {
    /// Opens the layout in a folder.
    pub fn folder(path: &Path) -> Result<Self, ImageError> {
        Self::open(Files::Folder(path.to_owned()), |_| true)
    }

    /// Opens the layout in a folder for what is listed under one tag, or without any: other manifests that its list lists are not read.
    pub(crate) fn folder_for(path: &Path, tag: Option<&Tag>) -> Result<Self, ImageError> {
        Self::open(Files::Folder(path.to_owned()), |descriptor| tag.is_none() || tag_of(descriptor).as_ref() == tag)
    }

    /// Opens the layout in a tar file, as `skopeo copy … oci-archive:FILE` writes it. Nothing is unpacked.
    pub fn archive(path: &Path) -> Result<Self, ImageError> {
        Self::open(Files::archive(path)?, |_| true)
    }

    /// Opens an archive as `docker save` and `podman save` write it. Nothing is unpacked, and only what is compressed is read.
    pub fn docker_archive(path: &Path) -> Result<Self, ImageError> {
        Self::open(Files::docker_archive(path)?, |_| true)
    }

    /// Opens an archive that an engine handed over. It may be removed then: what is read is read from the open file.
    pub(crate) fn from_engine(path: &Path, name: &Path) -> Result<Self, ImageError> {
        Self::open(Files::from_engine(path, name)?, |_| true)
    }

    /// Returns the layout with one image in place of all that it lists.
    pub(crate) fn with_image(self, image: Descriptor) -> Self {
        let (tagged, referrers) = (Vec::new(), BTreeMap::new());
        let index = Index::new(vec![image.clone()]);
        let contents = Contents { index, whole: None, images: vec![image], tagged, referrers };
        Self { contents: Arc::new(contents), ..self }
    }

    fn open(files: Files, of_interest: impl Fn(&Descriptor) -> bool) -> Result<Self, ImageError> {
        let (index, bytes) = read_index(&files)?;
        let mut sorting = Sorting {
            files: &files,
            known: BTreeMap::new(),
            images: Vec::new(),
            tagged: Vec::new(),
            referrers: BTreeMap::new(),
        };
        for descriptor in index.manifests.iter().filter(|descriptor| of_interest(descriptor)) {
            sorting.sort(descriptor)?;
        }
        for descriptor in listed(&files, REFERRERS)?.map(|(list, _)| list.manifests).unwrap_or_default() {
            if sorting.sort(&descriptor)? {
                let problem = LayoutProblem::NotAReferrer { name: REFERRERS, digest: descriptor.digest };
                return Err(files.refused(problem));
            }
        }
        let Sorting { images, tagged, referrers, .. } = sorting;
        // What was read above says that it is an index.
        let whole = is_an_image(&images).then(|| Document::read(media_type::INDEX, bytes).ok()).flatten();
        Ok(Self { contents: Arc::new(Contents { index, whole, images, tagged, referrers }), files })
    }

    /// Returns the tags of the images, sorted.
    pub fn tags(&self) -> Vec<Tag> {
        self.contents.images.iter().filter_map(tag_of).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the tags under which something about an image is kept.
    pub(crate) fn digest_tags(&self) -> impl Iterator<Item = Tag> {
        self.contents.tagged.iter().filter_map(tag_of)
    }

    /// Returns the image with this tag; without a tag, the only image, which may be the list itself.
    pub fn root(&self, tag: Option<&Tag>) -> Result<Option<Descriptor>, ImageError> {
        let about_a_digest = tag.is_some_and(Tag::is_about_a_digest);
        let images = if about_a_digest { self.contents.tagged.iter() } else { self.contents.images.iter() };
        let images: Vec<&Descriptor> = images.filter(|image| tag.is_none() || tag_of(image).as_ref() == tag).collect();
        let distinct = images.iter().map(|image| &image.digest).collect::<BTreeSet<_>>().len();
        match tag {
            None if let Some(whole) = &self.contents.whole => Ok(Some(whole.descriptor())),
            _ if distinct <= 1 => Ok(images.first().copied().cloned()),
            Some(tag) => Err(ImageError::SharedTag { place: self.describe(), tag: tag.clone(), images: distinct }),
            None => Err(ImageError::Ambiguous { place: self.describe(), images: distinct, tags: self.tags() }),
        }
    }

    /// Returns the manifests that are about `subject`, in the order of their digests.
    pub fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        self.contents.referrers.get(subject).map(|referrers| referrers.values().cloned().collect()).unwrap_or_default()
    }

    /// Returns what `index.json` says, as it is.
    pub(crate) fn index(&self) -> &Index {
        &self.contents.index
    }

    /// Returns whether this is listed for its own sake, or under a tag of its own.
    pub(crate) fn is_named(&self, digest: &Digest) -> bool {
        self.contents.images.iter().chain(&self.contents.tagged).any(|image| image.digest == *digest)
    }

    pub(crate) fn describe(&self) -> String {
        self.files.path().display().to_string()
    }

    pub(crate) fn document(&self, descriptor: &Descriptor) -> Result<Document, ImageError> {
        if let Some(whole) = self.contents.whole.as_ref().filter(|whole| *whole.digest() == descriptor.digest) {
            return Ok(whole.clone());
        }
        read_document(&self.files, descriptor)
    }

    /// Returns how many bytes a blob has; `None` if it is not there.
    pub(crate) fn blob_size(&self, digest: &Digest) -> Result<Option<u64>, ImageError> {
        Ok(self.files.open(&blob_name(digest))?.map(|file| file.size))
    }

    /// Opens a blob. What comes is not checked.
    pub(crate) fn file(&self, digest: &Digest) -> Result<OpenFile, ImageError> {
        let file = self.files.open(&blob_name(digest))?;
        file.ok_or_else(|| ImageError::Missing { place: self.describe(), digest: digest.clone() })
    }

    pub(crate) fn reader(&self, descriptor: &Descriptor) -> Result<BlobReader, ImageError> {
        let digest = || descriptor.digest.clone();
        let file = self.file(&descriptor.digest)?;
        if file.size != descriptor.size {
            let (found, stated) = (file.size, descriptor.size);
            return Err(ImageError::Size { place: self.describe(), digest: digest(), found, stated });
        }
        Ok(verified(Blocking(file), descriptor))
    }
}

/// Tells what is listed by what it is.
struct Sorting<'a> {
    files: &'a Files,
    /// Each manifest is read once, however often it is listed.
    known: BTreeMap<(Digest, String), Facts>,
    images: Vec<Descriptor>,
    tagged: Vec<Descriptor>,
    referrers: BTreeMap<Digest, BTreeMap<Digest, Descriptor>>,
}

impl Sorting<'_> {
    /// Puts a manifest where it belongs. Returns whether it is about nothing else.
    fn sort(&mut self, descriptor: &Descriptor) -> Result<bool, ImageError> {
        // Other types are no error (image-spec, image-index.md, "manifests"), and no images either.
        if !media_type::is_index(&descriptor.media_type) && !media_type::is_manifest(&descriptor.media_type) {
            return Ok(false);
        }
        let mut descriptor = descriptor.clone();
        let key = (descriptor.digest.clone(), descriptor.media_type.clone());
        let facts = match self.known.get(&key) {
            Some(facts) => facts.clone(),
            None => self.known.entry(key).or_insert(Facts::of(&read_document(self.files, &descriptor)?)).clone(),
        };
        if facts.size != descriptor.size {
            let (place, digest) = (self.files.path().display().to_string(), descriptor.digest);
            return Err(ImageError::Size { place, digest, found: facts.size, stated: descriptor.size });
        }
        if tag_of(&descriptor).is_some_and(|tag| tag.is_about_a_digest()) {
            self.tagged.push(descriptor);
            return Ok(false);
        }
        let Some(subject) = facts.subject else {
            self.images.push(descriptor);
            return Ok(true);
        };
        // As a registry lists it (distribution-spec, "Listing Referrers").
        descriptor.artifact_type = facts.artifact_type;
        self.referrers.entry(subject).or_default().insert(descriptor.digest.clone(), descriptor);
        Ok(false)
    }
}

impl Facts {
    fn of(document: &Document) -> Self {
        Self {
            size: document.bytes().len() as u64,
            subject: document.subject().map(|subject| subject.digest.clone()),
            artifact_type: match document {
                Document::Manifest(manifest) => Some(manifest.effective_artifact_type().to_owned()),
                Document::Index(index) => index.artifact_type.clone(),
            },
        }
    }
}

/// Returns whether a layout's list is one image, as those are that hand a multi-platform image over without putting it into another list: several
/// manifests without names, each for a platform of its own. Those for no platform are about the others.
fn is_an_image(listed: &[Descriptor]) -> bool {
    let mut platforms = BTreeSet::new();
    let is_part = |descriptor: &Descriptor| {
        let named = descriptor.annotations.contains_key(annotation::REF_NAME);
        let Some(platform) = descriptor.platform.as_ref().filter(|_| !named) else { return false };
        media_type::is_manifest(&descriptor.media_type)
            && (platform.os() == "unknown" || platforms.insert(platform.to_string()))
    };
    listed.len() > 1 && listed.iter().all(is_part) && !platforms.is_empty()
}

/// Returns the tag that a layout's list gives an image.
pub(crate) fn tag_of(descriptor: &Descriptor) -> Option<Tag> {
    let name = descriptor.annotations.get(annotation::REF_NAME)?;
    if name.parse::<Digest>().is_ok() {
        return None;
    }
    // Some writers put a whole reference into this annotation; its tag is then what counts.
    name.parse().ok().or_else(|| name.parse::<Reference>().ok()?.tag)
}

/// Returns where a layout keeps a blob.
pub(crate) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn read_index(files: &Files) -> Result<(Index, Vec<u8>), ImageError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Marker {
        image_layout_version: String,
    }
    let refused = |problem| files.refused(problem);
    let marker = files.read(MARKER, 1024)?.ok_or_else(|| refused(LayoutProblem::NoFile { name: MARKER }))?;
    let marker: Marker =
        serde_json::from_slice(&marker).map_err(|source| refused(LayoutProblem::Json { name: MARKER, source }))?;
    if marker.image_layout_version != "1.0.0" {
        return Err(refused(LayoutProblem::Version { version: marker.image_layout_version }));
    }
    listed(files, INDEX)?.ok_or_else(|| refused(LayoutProblem::NoFile { name: INDEX }))
}

/// Reads a list of manifests, and returns its bytes beside it; `None` if there is no file of that name.
fn listed(files: &Files, name: &'static str) -> Result<Option<(Index, Vec<u8>)>, ImageError> {
    let refused = |problem| files.refused(problem);
    let Some(bytes) = files.read(name, DOCUMENT_LIMIT)? else { return Ok(None) };
    let index: Index =
        serde_json::from_slice(&bytes).map_err(|source| refused(LayoutProblem::Json { name, source }))?;
    if index.manifests.len() > MANIFEST_LIMIT {
        return Err(refused(LayoutProblem::TooManyManifests { limit: MANIFEST_LIMIT }));
    }
    Ok(Some((index, bytes)))
}

fn read_document(files: &Files, descriptor: &Descriptor) -> Result<Document, ImageError> {
    let (place, digest) = (files.path().display().to_string(), descriptor.digest.clone());
    let name = blob_name(&digest);
    match files.open(&name)? {
        None => return Err(ImageError::Missing { place, digest }),
        Some(file) if file.size > DOCUMENT_LIMIT => {
            return Err(ImageError::TooLarge { place, digest, size: file.size, limit: DOCUMENT_LIMIT });
        }
        Some(_) => {}
    }
    match files.read(&name, DOCUMENT_LIMIT)? {
        None => Err(ImageError::Missing { place, digest }),
        Some(bytes) if !digest.matches(&bytes) => Err(ImageError::Mismatch { place, digest }),
        Some(bytes) => Document::read(&descriptor.media_type, bytes).map_err(|source| ImageError::Document {
            place,
            digest,
            source,
        }),
    }
}

/// Reads a local file where an asynchronous reader is asked for. Files do not wait, so nothing is gained by another thread.
struct Blocking<R>(R);

impl<R: Read + Unpin> tokio::io::AsyncRead for Blocking<R> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let read = self.0.read(buffer.initialize_unfilled());
        std::task::Poll::Ready(read.map(|read| buffer.advance(read)))
    }
}

pub(crate) fn reader_of(file: std::fs::File, descriptor: &Descriptor) -> BlobReader {
    verified(Blocking(file), descriptor)
}
