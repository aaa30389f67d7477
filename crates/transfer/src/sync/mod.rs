//! Keeps repositories like others.

mod prune;
mod selection;

pub use prune::Prune;
pub use selection::Selection;

use crate::copier::{AT_ONCE, Copier};
use crate::origin::Origin;
use crate::{Admission, Copied, Count, Options, TransferError};
use consign_image::{Place, Sink};
use consign_oci::Tag;
use futures::stream::{self, StreamExt};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is to be like what.
#[derive(Clone)]
pub struct Mirror {
    /// Where images come from.
    pub source: Place,
    /// Where they go.
    pub sink: Sink,
    /// Which tags of a repository; `None` for the one image that the source names.
    pub selection: Option<Selection>,
    /// Tags that never move: those that are there are not looked at again.
    pub immutable: Vec<Regex>,
    /// Says which images come in; without it, all do. Those that are there already are not asked about again.
    pub admission: Option<Arc<dyn Admission>>,
    /// What is deleted that the source has no longer.
    pub prune: Option<Prune>,
    /// How images are copied.
    pub options: Options,
}

/// What became of a mirror.
pub struct Mirrored {
    /// What became of its images; an error where it was not even found out which they are.
    pub images: Result<Vec<Image>, TransferError>,
    /// Tags that were deleted, or would be.
    pub pruned: Result<Vec<Tag>, TransferError>,
}

/// What became of one image.
pub struct Image {
    /// Its name at the source.
    pub source: String,
    /// Its name at the destination.
    pub destination: String,
    /// What became of it.
    pub result: Result<Outcome, TransferError>,
}

/// What became of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was looked at.
    Copied(Box<Copied>),
    /// Its tag never moves, and is there.
    Immutable,
}

impl Mirrored {
    /// Returns how many things went wrong.
    pub fn failures(&self) -> usize {
        let images = match &self.images {
            Ok(images) => images.iter().filter(|image| image.result.is_err()).count(),
            Err(_) => 1,
        };
        images + usize::from(self.pruned.is_err())
    }

    /// Returns the first thing that went wrong.
    pub fn into_error(self) -> Option<TransferError> {
        let of_images = match self.images {
            Ok(images) => images.into_iter().find_map(|image| image.result.err()),
            Err(error) => Some(error),
        };
        of_images.or(self.pruned.err())
    }
}

/// Makes everything like what it mirrors, all at the same time, and returns what became of each mirror, and how much was done. One that fails stops no
/// other. What several have in common is asked for, and sent, once.
pub async fn synchronize(mirrors: &[Mirror]) -> (Vec<Mirrored>, Count) {
    let mut origins: BTreeMap<String, Arc<Origin<'_>>> = BTreeMap::new();
    let mut copiers: Vec<(String, Copier<'_>)> = Vec::new();
    let mut of_mirror = Vec::new();
    for mirror in mirrors {
        let from = mirror.source.describe();
        let origin = origins.entry(from.clone()).or_insert_with(|| Arc::new(Origin::new(&mirror.source))).clone();
        let pair = format!("{from} {}", mirror.sink.describe());
        let known = copiers.iter().position(|(known, copier)| *known == pair && *copier.options() == mirror.options);
        of_mirror.push(known.unwrap_or_else(|| {
            copiers.push((pair, Copier::from(origin, &mirror.sink, &mirror.options)));
            copiers.len() - 1
        }));
    }
    let work = mirrors.iter().zip(&of_mirror).map(|(mirror, copier)| one(mirror, &copiers[*copier].1));
    let mirrored = stream::iter(work).buffered(AT_ONCE).collect().await;
    let mut count = Count::default();
    copiers.iter().for_each(|(_, copier)| count.add(copier.count()));
    (mirrored, count)
}

async fn one(mirror: &Mirror, copier: &Copier<'_>) -> Mirrored {
    let (tags, there) = match look(mirror, copier).await {
        Ok(found) => found,
        Err(error) => return Mirrored { images: Err(error), pruned: Ok(Vec::new()) },
    };
    let is_settled = |sink: &Sink| {
        let tag = sink.tag().filter(|tag| there.contains(tag));
        tag.is_some_and(|tag| mirror.immutable.iter().any(|pattern| pattern.is_match(tag.as_str())))
    };
    let names: Vec<(Place, Option<Sink>)> = match &tags {
        None => vec![(mirror.source.clone(), Some(mirror.sink.clone()))],
        Some(tags) => tags.iter().map(|tag| (mirror.source.with_tag(tag), mirror.sink.with_tag(tag))).collect(),
    };
    let copies = names.into_iter().map(async |(source, sink)| {
        let destination = sink.as_ref().map_or_else(|| mirror.sink.describe(), Sink::name_of);
        let result = match sink {
            None => Err(TransferError::OneName { place: mirror.sink.describe() }),
            Some(sink) if !mirror.options.always && is_settled(&sink) => Ok(Outcome::Immutable),
            Some(sink) => {
                let copied = copier.copy_to(&source, sink, mirror.admission.as_deref()).await;
                copied.map(|copied| Outcome::Copied(Box::new(copied)))
            }
        };
        Image { source: source.name(), destination, result }
    });
    let images: Vec<Image> = stream::iter(copies).buffered(AT_ONCE).collect().await;
    let pruned = match (&mirror.prune, &tags) {
        (Some(prune), Some(tags)) if images.iter().all(|image| image.result.is_ok()) => {
            prune.carry_out(mirror, tags, &there).await
        }
        _ => Ok(Vec::new()),
    };
    Mirrored { images: Ok(images), pruned }
}

/// Returns the tags that are mirrored, unless it is one image, and those that are there, as far as that matters.
async fn look(mirror: &Mirror, copier: &Copier<'_>) -> Result<(Option<BTreeSet<Tag>>, BTreeSet<Tag>), TransferError> {
    let tags = match &mirror.selection {
        Some(selection) => Some(selection.choose(copier.source.tags().await?)),
        None => None,
    };
    let matters = !mirror.immutable.is_empty() || mirror.prune.is_some();
    let there = if matters { mirror.sink.tags().await? } else { Vec::new() };
    Ok((tags, there.into_iter().collect()))
}
