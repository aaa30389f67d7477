//! What is mirrored to one repository: what one mirror brings, another neither takes away nor overwrites.

use super::prune::{Pruned, prune};
use super::{Image, Mirror, Mirrored, Outcome};
use crate::copier::{AT_ONCE, Copier, Terms};
use crate::{State, TransferError};
use consign_image::{Place, Sink};
use consign_oci::Tag;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// What a mirror is about to copy.
struct Seen {
    names: Vec<Name>,
    /// The tags that are there, as far as that matters.
    there: BTreeSet<Tag>,
}

/// What became of what was seen.
struct Tried {
    images: Vec<Image>,
    there: BTreeSet<Tag>,
}

/// A name that is to be like another.
struct Name {
    source: Place,
    /// `None` where there is no place for it.
    sink: Option<Sink>,
    /// What another mirror makes the name like, which is before this one.
    contested: Option<String>,
}

/// Fills one destination by all that are mirrored to it, and returns what became of each.
pub(super) async fn fill(mirrors: &[(&Mirror, &Copier<'_>)]) -> Vec<Mirrored> {
    let mut seen = join_all(mirrors.iter().map(|(mirror, copier)| look(mirror, copier))).await;
    let claimed = claim(&mut seen);
    let copies = mirrors.iter().zip(seen).map(async |((mirror, copier), seen)| {
        let Seen { names, there } = seen?;
        let copies = names.into_iter().map(|name| copy(mirror, copier, name, &there));
        let images = stream::iter(copies).buffered(AT_ONCE).collect().await;
        Ok::<_, TransferError>(Tried { images, there })
    });
    let tried: Vec<Result<Tried, TransferError>> = join_all(copies).await;
    // Of a source that could not be looked at, nobody knows what it has no longer; what still waits has a predecessor.
    let is_complete = tried.iter().all(|tried| tried.as_ref().is_ok_and(|tried| tried.images.iter().all(is_there)));
    let prunes = mirrors.iter().position(|(mirror, _)| mirror.prune.is_some()).filter(|_| is_complete);
    let all: Vec<&Mirror> = mirrors.iter().map(|(mirror, _)| *mirror).collect();
    let mut mirrored = Vec::new();
    for (number, (mirror, tried)) in all.iter().zip(tried).enumerate() {
        let pruned = match &tried {
            Ok(tried) if prunes == Some(number) => prune(mirror, &all, &claimed, &tried.there).await,
            _ => Pruned::default(),
        };
        mirrored.push(Mirrored { images: tried.map(|tried| tried.images), pruned });
    }
    mirrored
}

/// Finds out what a mirror is about to copy.
async fn look(mirror: &Mirror, copier: &Copier<'_>) -> Result<Seen, TransferError> {
    let name = |source, sink| Name { source, sink, contested: None };
    let names = match &mirror.selection {
        None => vec![name(mirror.source.clone(), Some(mirror.sink.clone()))],
        Some(selection) => {
            let tags = copier.source.tags().await?;
            if tags.is_empty() && !mirror.may_be_empty && selection.list.is_empty() {
                return Err(TransferError::NoTags { place: mirror.source.describe() });
            }
            let chosen = selection.choose(tags);
            chosen.iter().map(|tag| name(mirror.source.with_tag(tag), mirror.sink.with_tag(tag))).collect()
        }
    };
    let matters = !mirror.immutable.is_empty() || mirror.prune.is_some();
    let there = if matters { mirror.sink.tags().await? } else { Vec::new() };
    Ok(Seen { names, there: there.into_iter().collect() })
}

/// Gives each tag to the first mirror that has something for it, and returns all of them.
fn claim(seen: &mut [Result<Seen, TransferError>]) -> BTreeSet<Tag> {
    let mut claims: BTreeMap<Tag, String> = BTreeMap::new();
    for name in seen.iter_mut().flatten().flat_map(|seen| &mut seen.names) {
        let Some(tag) = name.sink.as_ref().and_then(Sink::tag) else { continue };
        let source = name.source.full_name();
        let first = claims.entry(tag).or_insert_with(|| source.clone());
        name.contested = Some(first.clone()).filter(|first| *first != source);
    }
    claims.into_keys().collect()
}

async fn copy(mirror: &Mirror, copier: &Copier<'_>, name: Name, there: &BTreeSet<Tag>) -> Image {
    let Name { source, sink, contested } = name;
    let destination = sink.as_ref().map_or_else(|| mirror.sink.describe(), Sink::name_of);
    let is_fixed =
        sink.as_ref().and_then(Sink::tag).is_some_and(|tag| there.contains(&tag) && mirror.never_moves(&tag));
    let terms = Terms { admission: mirror.admission.as_deref(), is_fixed, seal: mirror.seal.as_deref() };
    let of = |copied| Outcome::Copied(Box::new(copied));
    let result = match (sink, contested) {
        (None, _) => Err(TransferError::OneName { place: mirror.sink.describe() }),
        (Some(_), Some(other)) => Err(TransferError::Contested { name: destination.clone(), other }),
        (Some(sink), None) if is_fixed && !mirror.options.always => match mirror.seal {
            Some(_) => copier.seal_there(sink, &terms).await.map(|there| there.map_or(Outcome::Immutable, of)),
            None => Ok(Outcome::Immutable),
        },
        (Some(sink), None) => {
            let copied = copier.copy_to(&source, sink, &terms).await;
            copied.map(of)
        }
    };
    Image { source: source.name(), destination, result }
}

/// Returns whether the name names something now.
fn is_there(image: &Image) -> bool {
    match &image.result {
        Ok(Outcome::Copied(copied)) => copied.state != State::Waiting || copied.before.is_some(),
        Ok(Outcome::Immutable) => true,
        Err(_) => false,
    }
}
