//! A cache elsewhere, as far as it was read: once for all that a run builds, and only where a step is not known here.

use super::entry::{ARTIFACT, BUILDKIT, Entry, is_entry, title};
use super::{CacheError, Record};
use consign_image::layer::uncompressed;
use consign_image::{ImageError, ImageReference, Layout, Place};
use consign_oci::{Algorithm, DOCUMENT_LIMIT, Descriptor, Digest, Document, Hasher, Platform, media_type};
use consign_store::Store;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::sync::OnceCell;

/// Most artifacts of a cache that are looked into for one platform: that of the image, and those of others.
const ENTRY_LIMIT: usize = 8;
/// Most artifacts that a cache may list.
const LISTED_LIMIT: usize = 10_000;
/// Most bytes of an unpacked layer.
const LAYER_LIMIT: u64 = 64 << 30;
/// Bytes that are read and written at once.
const CHUNK: usize = 256 << 10;

/// Opens what a reference names.
pub(crate) type Open<'a> = &'a (dyn Fn(&ImageReference) -> Result<Place, ImageError> + Sync);

/// Caches that were opened, by where they are.
#[derive(Debug, Default)]
pub(crate) struct Sources(Mutex<BTreeMap<String, Arc<Source>>>);

impl Sources {
    pub(crate) fn get(&self, reference: &ImageReference) -> Arc<Source> {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = reference.to_string();
        let make = || Arc::new(Source { name: name.clone(), reference: reference.clone(), listed: OnceCell::new() });
        sources.entry(name.clone()).or_insert_with(make).clone()
    }
}

/// One of them.
pub(crate) struct Source {
    pub(crate) name: String,
    reference: ImageReference,
    /// `Err`: it cannot be used, which is asked once.
    listed: OnceCell<Result<Vec<Listed>, Arc<CacheError>>>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An artifact that a cache lists.
struct Listed {
    descriptor: Descriptor,
    entry: OnceCell<Option<Entry>>,
}

/// What a cache has, or why it is not known.
pub(crate) enum Answer<T> {
    Found(T),
    Nothing,
    /// The cache cannot be used.
    Failed(Arc<CacheError>),
}

impl Source {
    /// Looks for what a step made that follows from `key`.
    pub(crate) async fn record(
        &self,
        key: &Digest,
        image: &str,
        platform: &Platform,
        open: Open<'_>,
    ) -> Answer<Record> {
        self.find(image, platform, open, |entry| entry.records.get(key).cloned()).await
    }

    /// Looks for a folder that is kept between builds.
    pub(crate) async fn mount(
        &self,
        name: &str,
        image: &str,
        platform: &Platform,
        open: Open<'_>,
    ) -> Answer<Descriptor> {
        self.find(image, platform, open, |entry| entry.mounts.get(name).cloned()).await
    }

    async fn find<T>(
        &self,
        image: &str,
        platform: &Platform,
        open: Open<'_>,
        choose: impl Fn(&Entry) -> Option<T>,
    ) -> Answer<T> {
        let read = || async { list(&self.reference, open).await.map_err(Arc::new) };
        let listed = match self.listed.get_or_init(read).await {
            Ok(listed) => listed,
            Err(error) => return Answer::Failed(error.clone()),
        };
        let here = |one: &&Listed| one.descriptor.platform.as_ref() == Some(platform);
        let is_own = |one: &&Listed| title(&one.descriptor) == Some(image);
        let (own, others): (Vec<_>, Vec<_>) = listed.iter().filter(here).partition(is_own);
        for one in own.into_iter().chain(others).take(ENTRY_LIMIT) {
            let entry = one.entry.get_or_init(|| read_entry(&self.reference, &one.descriptor, open)).await;
            if let Some(found) = entry.as_ref().and_then(&choose) {
                return Answer::Found(found);
            }
        }
        Answer::Nothing
    }

    /// Brings a layer into the store: `diff_id` is what it is unpacked, where that is stated.
    pub(crate) async fn fetch(
        &self,
        layer: &Descriptor,
        diff_id: Option<&Digest>,
        store: &Store,
        open: Open<'_>,
    ) -> Result<(), CacheError> {
        let (cache, digest) = (self.name.clone(), layer.digest.clone());
        if digest.algorithm() != Algorithm::Sha256 || layer.size > LAYER_LIMIT {
            return Err(CacheError::Contents { cache, digest });
        }
        if !store.has(layer) {
            let mut reader = open(&self.reference)?.reader(layer).await?;
            let (mut blob, mut chunk) = (store.writer()?, vec![0; CHUNK]);
            loop {
                let read = reader.read(&mut chunk).await;
                let failed = |source| CacheError::Read { cache: cache.clone(), digest: digest.clone(), source };
                match read.map_err(failed)? {
                    0 => break,
                    length => blob.write_all(&chunk[..length]).map_err(failed)?,
                }
            }
            blob.commit(Some(&digest))?;
        }
        let Some(diff_id) = diff_id else { return Ok(()) };
        match unpacked(layer, store) {
            Ok(found) if found == *diff_id => Ok(()),
            Ok(_) => Err(CacheError::Contents { cache, digest }),
            Err(source) => Err(CacheError::Read { cache, digest, source }),
        }
    }
}

/// Returns what a layer is unpacked.
fn unpacked(layer: &Descriptor, store: &Store) -> io::Result<Digest> {
    let blob = store.open_blob(&layer.digest).map_err(io::Error::other)?;
    let stream = uncompressed(&layer.media_type, blob)?.ok_or(io::ErrorKind::Unsupported)?;
    let mut hasher = Hasher::default();
    if io::copy(&mut stream.take(LAYER_LIMIT + 1), &mut hasher)? > LAYER_LIMIT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(hasher.finish())
}

/// Reads what a cache lists; nothing where there is none yet.
async fn list(reference: &ImageReference, open: Open<'_>) -> Result<Vec<Listed>, CacheError> {
    let manifests = match reference {
        ImageReference::Layout { folder, .. } if !folder.exists() => return Err(missing(reference)),
        ImageReference::Layout { folder, .. } => in_folder(&Layout::folder(folder)?, reference, open).await?,
        _ => in_registry(&open(reference)?, reference).await?.ok_or_else(|| missing(reference))?,
    };
    let entries = manifests.into_iter().filter(is_entry).take(LISTED_LIMIT);
    Ok(entries.map(|descriptor| Listed { descriptor, entry: OnceCell::new() }).collect())
}

fn missing(reference: &ImageReference) -> CacheError {
    CacheError::NotThere { cache: reference.to_string() }
}

async fn in_folder(layout: &Layout, reference: &ImageReference, open: Open<'_>) -> Result<Vec<Descriptor>, CacheError> {
    let roots = layout.tags().into_iter().map(|tag| layout.root(Some(&tag)));
    let roots: Vec<Descriptor> = roots.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    if let (Some(root), false) = (roots.first(), roots.iter().any(is_entry)) {
        let document = open(reference)?.document(root).await?;
        return Err(foreign(&document, reference));
    }
    Ok(roots)
}

/// Reads the list of a cache on a registry. What is no cache of consign's is an error.
pub(super) async fn in_registry(
    place: &Place,
    reference: &ImageReference,
) -> Result<Option<Vec<Descriptor>>, CacheError> {
    let Some(root) = place.root().await? else { return Ok(None) };
    match place.document(&root).await? {
        Document::Index(index) if index.artifact_type.as_deref() == Some(ARTIFACT) => {
            Ok(Some(index.into_value().manifests))
        }
        document => Err(foreign(&document, reference)),
    }
}

/// Says what else lies where a cache was to be.
fn foreign(document: &Document, reference: &ImageReference) -> CacheError {
    let is_buildkit = match document {
        Document::Index(index) => index.manifests.iter().any(|listed| listed.media_type == BUILDKIT),
        Document::Manifest(manifest) => manifest.config.media_type == BUILDKIT,
    };
    let cache = reference.to_string();
    if is_buildkit { CacheError::Buildkit { cache } } else { CacheError::Other { cache } }
}

/// Reads an artifact of a cache. One that cannot be read has nothing.
async fn read_entry(reference: &ImageReference, descriptor: &Descriptor, open: Open<'_>) -> Option<Entry> {
    if !media_type::is_manifest(&descriptor.media_type) {
        return None;
    }
    let place = open(reference).ok()?;
    let Document::Manifest(manifest) = place.document(descriptor).await.ok()? else { return None };
    Entry::read(&place.bytes(&manifest.config, DOCUMENT_LIMIT).await.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::{Index, Manifest};

    #[test]
    fn tells_what_else_lies_there() {
        let reference: ImageReference = "localhost:1/a:b".parse().unwrap();
        let config = |media_type: &str| Descriptor::of(media_type, b"{}");
        let index = Index::new(vec![config(BUILDKIT)]);
        let index = Document::read(media_type::INDEX, serde_json::to_vec(&index).unwrap()).unwrap();
        let manifest = |media_type: &str| {
            let manifest = serde_json::to_vec(&Manifest::new(config(media_type), Vec::new())).unwrap();
            Document::read(media_type::MANIFEST, manifest).unwrap()
        };
        for (document, is_buildkit) in
            [(index, true), (manifest(BUILDKIT), true), (manifest(media_type::CONFIG), false)]
        {
            let error = foreign(&document, &reference);
            assert_eq!(matches!(error, CacheError::Buildkit { .. }), is_buildkit, "{error}");
            assert!(error.is_refusal());
        }
    }
}
