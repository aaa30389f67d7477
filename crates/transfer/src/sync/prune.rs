use super::Mirror;
use crate::TransferError;
use crate::about::SUFFIXES;
use crate::copier::MANIFEST_LIMIT;
use consign_image::Sink;
use consign_oci::{Digest, Tag, media_type};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Which tags are deleted that the source has no longer.
#[derive(Clone, Debug)]
pub struct Prune {
    /// How many of a hundred tags may go at once.
    pub maximum_percent: u32,
    /// Tags that stay in any case.
    pub keep: Vec<Regex>,
}

/// What was deleted, or would be.
#[derive(Debug, Default)]
pub struct Pruned {
    /// The tags.
    pub tags: Vec<Tag>,
    /// Why it is not all.
    pub error: Option<TransferError>,
}

/// Deletes the tags of a mirror's destination that are there and that no mirror has something for, with the signatures of what no tag leads to any
/// more.
///
/// Nothing is deleted where no source has a tag, or where too many tags would go: it is more likely that something is wrong.
pub(super) async fn prune(mirror: &Mirror, all: &[&Mirror], mirrored: &BTreeSet<Tag>, there: &BTreeSet<Tag>) -> Pruned {
    let mut tags = Vec::new();
    let error = carry_out(mirror, all, (mirrored, there), &mut tags).await.err();
    Pruned { tags, error }
}

async fn carry_out(
    mirror: &Mirror,
    all: &[&Mirror],
    (mirrored, there): (&BTreeSet<Tag>, &BTreeSet<Tag>),
    deleted: &mut Vec<Tag>,
) -> Result<(), TransferError> {
    // Those that are kept do not count: there may be ever so many.
    let names = there.iter().filter(|tag| !tag.is_about_a_digest() && !all.iter().any(|mirror| mirror.keeps(tag)));
    let (stays, gone): (Vec<&Tag>, Vec<&Tag>) = names.partition(|tag| mirrored.contains(*tag));
    if gone.is_empty() {
        return Ok(());
    }
    let refused = |problem: String| TransferError::Prune { place: mirror.sink.describe(), problem };
    if mirrored.is_empty() {
        return Err(refused("the source has no tag that is mirrored".to_owned()));
    }
    let count = stays.len() + gone.len();
    let percent =
        all.iter().filter_map(|mirror| Some(mirror.prune.as_ref()?.maximum_percent)).min().unwrap_or_default();
    if gone.len() * 100 > count * percent as usize {
        let gone = gone.len();
        return Err(refused(format!("{gone} of {count} tags would go, and at most {percent} % may")));
    }
    if mirror.options.dry_run {
        deleted.extend(gone.into_iter().cloned());
        return Ok(());
    }
    let mut about: BTreeMap<Digest, Vec<Tag>> = BTreeMap::new();
    for tag in &gone {
        let Some(root) = mirror.sink.named(tag).await? else { continue };
        let tags = SUFFIXES.iter().filter_map(|end| format!("{}{end}", Tag::of_referrers(&root.digest)).parse().ok());
        let tags: Vec<Tag> = tags.filter(|tag| there.contains(tag)).collect();
        if !tags.is_empty() {
            about.insert(root.digest, tags);
        }
    }
    // Another tag may name the image, also one that has just come, or a list that lists it.
    if !about.is_empty() {
        let stays = mirror.sink.tags().await?;
        let stays = stays.iter().filter(|tag| !tag.is_about_a_digest() && !gone.contains(tag));
        let named = named(&mirror.sink, &stays.collect()).await?;
        let named = named.map_err(|digest| refused(format!("the list {digest}, which stays, cannot be read")))?;
        about.retain(|digest, _| !named.contains(digest));
    }
    // First what leads to the others.
    for tag in gone.into_iter().chain(about.values().flatten()) {
        mirror.sink.delete(tag).await?;
        deleted.push(tag.clone());
    }
    Ok(())
}

impl Mirror {
    /// Returns whether a tag stays although nobody mirrors it: it is to be kept, or a backup.
    fn keeps(&self, tag: &Tag) -> bool {
        let patterns = self.prune.iter().flat_map(|prune| &prune.keep);
        patterns.into_iter().any(|pattern| pattern.is_match(tag.as_str()))
            || self.options.backup.as_ref().is_some_and(|backup| backup.may_have_made(tag))
    }
}

/// Returns what tags name, with all that lists among it list; the digest of a list that cannot be read, where there is one.
async fn named(sink: &Sink, tags: &BTreeSet<&Tag>) -> Result<Result<BTreeSet<Digest>, Digest>, TransferError> {
    let (mut named, mut next) = (BTreeSet::new(), Vec::new());
    for tag in tags {
        next.extend(sink.named(tag).await?);
    }
    while let Some(root) = next.pop() {
        if !named.insert(root.digest.clone()) || !media_type::is_index(&root.media_type) {
            continue;
        }
        match sink.document(&root).await.filter(|_| named.len() <= MANIFEST_LIMIT) {
            Some(list) => next.extend(list.children().into_iter().cloned()),
            None => return Ok(Err(root.digest)),
        }
    }
    Ok(Ok(named))
}
