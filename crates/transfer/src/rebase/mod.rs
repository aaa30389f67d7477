//! Puts an image onto a newer base without building it again.

mod base;
mod bring;
mod difference;
mod error;
mod history;
mod index;
mod join;
mod layer_type;
mod marks;
mod original;
mod outcome;
mod problem;
#[cfg(test)]
mod tests;

pub use base::{Bases, OldBase};
pub use difference::Difference;
pub use error::RebaseError;
pub use original::Original;
pub use outcome::{RebaseState, Rebased, RebasedPlatform};
pub use problem::RebaseProblem;

use crate::Count;
use base::{Base, OldBases};
use consign_image::{ImageError, Place, Sink};
use consign_oci::{Descriptor, Document};
use futures::stream::{self, StreamExt, TryStreamExt};
use join::{Joined, Single, join};
use marks::Marks;
use original::Entry;

/// Platforms that are read at the same time.
const AT_ONCE: usize = 4;
/// Most bytes of all manifests and configs of an image, before and after: they are held in memory.
const BYTES_LIMIT: u64 = 64 << 20;

/// Puts an image onto a newer base: the layers of the old base are replaced, all else stays as it is. No layer is read.
pub struct Rebase<'a> {
    /// Where the image lies.
    pub image: &'a Place,
    /// What it is.
    pub original: &'a Original,
    /// The bases.
    pub bases: &'a Bases,
    /// Where the result goes.
    pub sink: &'a Sink,
    /// Whether it is only found out what would be done: nothing is written.
    pub dry_run: bool,
}

/// An image for one platform, and its bases.
struct Based<'a> {
    entry: &'a Entry,
    old: (Base<'a>, Descriptor),
    new: Descriptor,
}

impl Rebase<'_> {
    /// Does it. Parts are written before what they are parts of, the name comes last, and only if nobody gave it to another image meanwhile.
    /// Where the base has not moved, nothing is done.
    pub async fn run(&self) -> Result<Rebased, RebaseError> {
        let Self { original, bases, sink, .. } = self;
        let before = sink.before().await?;
        // Whoever moved it since the image was read has not seen the result.
        if let Some(now) = &before
            && self.image.full_name() == sink.name_of()
            && now.digest != *original.root.digest()
        {
            let before = Some(original.root.digest().clone());
            return Err(RebaseError::Moved { name: sink.name_of(), before, now: Some(now.digest.clone()) });
        }
        let new = bases.new_base().await?;
        let mut rebased = Rebased {
            state: RebaseState::Unchanged,
            root: original.root.descriptor(),
            before,
            base: new.root.digest().clone(),
            base_name: bases.new_name(),
            platforms: Vec::new(),
            left_out: Vec::new(),
            count: Count::default(),
        };
        let based = self.find_bases(&new).await?;
        if based.iter().all(|based| based.old.1.digest == based.new.digest) {
            return Ok(rebased);
        }
        let joined = self.join(&based, &new).await?;
        let images: Vec<&Single> = joined.iter().map(|joined| &joined.image).collect();
        let root = self.root(&images, &based, &new)?;
        rebased.root = root.descriptor();
        rebased.platforms = based.iter().zip(&joined).map(|(based, joined)| report(based, joined)).collect();
        rebased.left_out.clone_from(&original.left_out);
        if rebased.before.as_ref().is_some_and(|before| before.digest == *root.digest()) {
            rebased.state = RebaseState::Present;
            return Ok(rebased);
        }
        rebased.state = RebaseState::Rebased;
        rebased.count = self.bring(&images, &root).await?;
        if !self.dry_run {
            if let Err(now) = bring::names(sink, rebased.before.as_ref()).await? {
                let before = rebased.before.map(|before| before.digest);
                return Err(RebaseError::Moved { name: sink.name_of(), before, now });
            }
            sink.name(&root, &[]).await?;
        }
        Ok(rebased)
    }

    /// Finds out which bases each platform has.
    async fn find_bases<'b>(&'b self, new: &Base<'b>) -> Result<Vec<Based<'b>>, RebaseError> {
        let old = &OldBases::new(self.bases, new.clone());
        let find = async |entry: &'b Entry| {
            let descriptor = new.select("new", &entry.platform)?;
            let stated = || self.original.base_digest(entry);
            let old = old.find(stated, &descriptor).await?;
            let of_platform = old.select("old", &entry.platform)?;
            Ok::<_, RebaseError>(Based { entry, old: (old, of_platform), new: descriptor })
        };
        stream::iter(&self.original.platforms).map(find).buffered(AT_ONCE).try_collect().await
    }

    /// Puts each platform onto its new base.
    async fn join(&self, all: &[Based<'_>], new: &Base<'_>) -> Result<Vec<Joined>, RebaseError> {
        let join_one = async |based: &Based<'_>| {
            let Based { entry, old: (old, of_old), new: of_new } = based;
            let platform = &entry.platform;
            let (one, other) = (old.read("old", of_old, platform).await?, new.read("new", of_new, platform).await?);
            let failed = |source| RebaseError::Image { platform: platform.clone(), source };
            join(&entry.image, &one, &other, &self.marks(based, new)).map_err(failed)
        };
        let mut stream = std::pin::pin!(stream::iter(all).map(join_one).buffered(AT_ONCE));
        let (mut joined, mut size) = (Vec::new(), 0);
        while let Some(one) = stream.try_next().await? {
            size += one.image.size();
            if size > BYTES_LIMIT {
                let (place, digest) = (new.place.describe(), new.root.digest().clone());
                return Err(ImageError::TooLarge { place, digest, size, limit: BYTES_LIMIT }.into());
            }
            joined.push(one);
        }
        Ok(joined)
    }

    fn marks(&self, based: &Based<'_>, new: &Base<'_>) -> Marks {
        Marks {
            name: self.bases.new_name(),
            old_root: match &*based.old.0.root {
                Document::Index(index) => Some(index.digest().clone()),
                Document::Manifest(_) => None,
            },
            new_root: new.root.digest().clone(),
            new_image: based.new.digest.clone(),
            add: !self.original.states_a_base(),
        }
    }

    /// Returns what the name is to name.
    fn root(&self, images: &[&Single], based: &[Based<'_>], new: &Base<'_>) -> Result<Document, RebaseError> {
        let manifests: Vec<_> = images.iter().map(|image| &image.manifest).collect();
        match (&self.original.root, &manifests[..], based.first()) {
            (Document::Index(index), _, Some(based)) => {
                // What the list says is about all platforms.
                let new_image = new.root.digest().clone();
                let marks = Marks { new_image, add: false, ..self.marks(based, new) };
                index::index(index, &manifests, &marks).map_err(RebaseError::Index)
            }
            (_, [only, ..], _) => Ok(Document::Manifest((*only).clone())),
            _ => Err(RebaseError::NoImage { name: self.image.name() }),
        }
    }
}

impl Single {
    /// Returns how many bytes are held for it.
    fn size(&self) -> u64 {
        (self.manifest.bytes().len() + self.config.bytes().len()) as u64
    }
}

fn report(based: &Based<'_>, joined: &Joined) -> RebasedPlatform {
    let Based { entry, old, new } = based;
    RebasedPlatform {
        platform: entry.platform.clone(),
        before: entry.image.manifest.digest().clone(),
        digest: joined.image.manifest.digest().clone(),
        old_base: old.1.digest.clone(),
        new_base: new.digest.clone(),
        base_layers: joined.image.manifest.layers.len() - joined.own,
        own_layers: joined.own,
        differences: joined.differences.clone(),
    }
}
