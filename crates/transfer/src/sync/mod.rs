//! Keeps repositories like others.

mod destination;
mod prune;
mod selection;

pub use prune::{Prune, Pruned};
pub use selection::Selection;

use crate::copier::{AT_ONCE, Copier};
use crate::origin::Origin;
use crate::{Admission, Copied, Count, Options, Seal, TransferError};
use consign_image::{Place, Sink};
use consign_oci::Tag;
use destination::fill;
use futures::stream::{self, StreamExt};
use regex::Regex;
use std::collections::BTreeMap;
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
    /// Whether the repository may have no tags. Nobody names one that has none, but lists of repositories hold some.
    pub may_be_empty: bool,
    /// Tags that never move: those that are there are not looked at again.
    pub immutable: Vec<Regex>,
    /// Says which images come in; without it, all do. Those that are there already are not asked about again.
    pub admission: Option<Arc<dyn Admission>>,
    /// Signs what arrives, and what is there already; without it, nobody does.
    pub seal: Option<Arc<dyn Seal>>,
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
    pub pruned: Pruned,
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

impl Mirror {
    fn never_moves(&self, tag: &Tag) -> bool {
        self.immutable.iter().any(|pattern| pattern.is_match(tag.as_str()))
    }
}

impl Mirrored {
    /// Returns how many things went wrong.
    pub fn failures(&self) -> usize {
        let images = match &self.images {
            Ok(images) => images.iter().filter(|image| image.result.is_err()).count(),
            Err(_) => 1,
        };
        images + usize::from(self.pruned.error.is_some())
    }

    /// Returns the first thing that went wrong.
    pub fn into_error(self) -> Option<TransferError> {
        let of_images = match self.images {
            Ok(images) => images.into_iter().find_map(|image| image.result.err()),
            Err(error) => Some(error),
        };
        of_images.or(self.pruned.error)
    }
}

/// Makes everything like what it mirrors, all at the same time, and returns what became of each mirror, and how much was done. One that fails stops no
/// other. What several have in common is asked for, and sent, once; where several have something for one name, the first counts.
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
    let mut destinations: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, mirror) in mirrors.iter().enumerate() {
        destinations.entry(mirror.sink.describe()).or_default().push(number);
    }
    let work = destinations.into_values().map(async |numbers| {
        let of_one: Vec<_> = numbers.iter().map(|number| (&mirrors[*number], &copiers[of_mirror[*number]].1)).collect();
        let mirrored = fill(&of_one).await;
        stream::iter(numbers.into_iter().zip(mirrored))
    });
    let mut mirrored: Vec<(usize, Mirrored)> = stream::iter(work).buffer_unordered(AT_ONCE).flatten().collect().await;
    mirrored.sort_by_key(|(number, _)| *number);
    let mirrored = mirrored.into_iter().map(|(_, mirrored)| mirrored).collect();
    let mut count = Count::default();
    copiers.iter().for_each(|(_, copier)| count.add(copier.count()));
    (mirrored, count)
}
