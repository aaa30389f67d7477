//! Images in engines of this machine.

use crate::archive::write_archive;
use crate::graph::{ENTRY_LIMIT, is_document};
use crate::{ArchiveImage, ImageError, ImageReference, Layout, Place};
use consign_engine::{Engine, Engines, Facts};
use consign_oci::{Descriptor, Digest, Document, Platform, Reference, media_type};
use consign_store::Store;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// An image that an engine handed over.
pub struct FromEngine {
    /// The image, which is there until this is dropped and takes no place on the disk that anybody could forget.
    pub place: Place,
    /// The digest that the engine knows it by, where the image that it hands over has another.
    pub known: Option<Digest>,
    /// What was taken in place of a list that the engine has in part.
    pub part: Option<Part>,
}

/// An image of a list that an engine has in part: it pulls what runs on its machine.
pub struct Part {
    /// The list.
    pub list: Digest,
    /// What the image is for.
    pub platform: Platform,
}

/// Has an engine hand over an image. Where it has some platforms of a list only, the image for `usual` is taken, or else the only one.
pub async fn from_engine(
    engines: &Engines,
    (engine, name): (Engine, &Reference),
    store: &Store,
    usual: &Platform,
) -> Result<FromEngine, ImageError> {
    let scratch = store.scratch()?;
    let facts = engines.facts(engine, name, scratch.path()).await?;
    let archive = engines.save(engine, name, scratch.path()).await?;
    let described = PathBuf::from(ImageReference::Engine { engine, name: name.clone() }.to_string());
    let opening = tokio::task::spawn_blocking(move || Layout::from_engine(&archive, &described));
    let layout = opening.await.map_err(std::io::Error::other);
    let failed = |source| ImageError::Io { action: "read", path: scratch.path().to_owned(), source };
    let layout = layout.map_err(failed)??;
    let root = layout.root(None)?;
    let part = root.as_ref().map(|root| part_of(&layout, root, usual)).transpose()?.flatten();
    if let Some((part, image)) = part {
        let place = Place::Layout { layout: layout.with_image(image), tag: None };
        return Ok(FromEngine { place, known: None, part: Some(part) });
    }
    let known = facts.zip(root).and_then(|(facts, root)| other_than(&facts, &root.digest));
    Ok(FromEngine { place: Place::Layout { layout, tag: None }, known, part: None })
}

/// Returns the image to take of a list that is there in part; `None` where all of it is there, or nothing.
fn part_of(layout: &Layout, root: &Descriptor, usual: &Platform) -> Result<Option<(Part, Descriptor)>, ImageError> {
    let Document::Index(index) = layout.document(root)? else { return Ok(None) };
    // Attestations are entries, too, and an engine that pulls one platform leaves them out with the others.
    let (mut whole, mut all) = (BTreeSet::new(), true);
    for entry in index.manifests.iter().take(ENTRY_LIMIT) {
        if is_whole(layout, entry)? {
            whole.insert(&entry.digest);
        } else {
            all = false;
        }
    }
    if all {
        return Ok(None);
    }
    let there: Vec<_> = index.platforms().filter(|(_, image)| whole.contains(&image.digest)).collect();
    let taken = there.iter().find(|(platform, _)| *platform == usual).or(there.first());
    let part = |platform: &Platform| Part { list: root.digest.clone(), platform: platform.clone() };
    Ok(taken.map(|(platform, image)| (part(platform), (*image).clone())))
}

/// Returns what the engine knows the image by, if that is another digest.
fn other_than(facts: &Facts, arrived: &Digest) -> Option<Digest> {
    if facts.keeps(arrived) { None } else { facts.digests.first().cloned() }
}

/// Returns whether what an archive's list lists is there with all its parts, but for layers that only their own source hands out.
fn is_whole(layout: &Layout, entry: &Descriptor) -> Result<bool, ImageError> {
    if layout.blob_size(&entry.digest)?.is_none() {
        return Ok(false);
    }
    if !is_document(entry) {
        return Ok(true);
    }
    for part in layout.document(entry)?.children() {
        if !media_type::is_foreign(&part.media_type) && layout.blob_size(&part.digest)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives an engine an image of the store. All of it lies in one file before the engine hears of it.
pub(crate) async fn to_engine(
    engines: &Engines,
    (engine, name): (Engine, &Reference),
    store: &Store,
    image: ArchiveImage,
) -> Result<(), ImageError> {
    let scratch = store.scratch()?;
    let to = ImageReference::Archive { file: Engines::archive_in(scratch.path()), tag: None };
    let (writer, described) = (store.clone(), to.clone());
    let writing = tokio::task::spawn_blocking(move || write_archive(&writer, &image, &described));
    let failed = |source| ImageError::Io { action: "write", path: scratch.path().to_owned(), source };
    writing.await.map_err(std::io::Error::other).map_err(failed)??;
    Ok(engines.load(engine, name, scratch.path()).await?)
}
