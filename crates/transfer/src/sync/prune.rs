use super::Mirror;
use crate::TransferError;
use crate::copier::MANIFEST_LIMIT;
use consign_image::Sink;
use consign_oci::{Digest, Tag, media_type};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// How the tags end under which cosign keeps what is about an image.
const ABOUT: [&str; 3] = [".sig", ".att", ".sbom"];

/// Which tags are deleted that the source has no longer.
#[derive(Clone, Debug)]
pub struct Prune {
    /// How many of a hundred tags may go at once.
    pub maximum_percent: u32,
    /// Tags that stay in any case.
    pub keep: Vec<Regex>,
}

impl Prune {
    /// Deletes the tags that are there and are not mirrored, with the signatures of what no tag leads to any more. Returns them.
    ///
    /// Nothing is deleted where the source has no tag, or where too many tags would go: it is more likely that something is wrong.
    pub(super) async fn carry_out(
        &self,
        mirror: &Mirror,
        mirrored: &BTreeSet<Tag>,
        there: &BTreeSet<Tag>,
    ) -> Result<Vec<Tag>, TransferError> {
        let names: Vec<&Tag> = there.iter().filter(|tag| !tag.is_about_a_digest()).collect();
        let stays = |tag: &Tag| {
            mirrored.contains(tag)
                || self.keep.iter().any(|pattern| pattern.is_match(tag.as_str()))
                || mirror.options.backup.as_ref().is_some_and(|backup| backup.may_have_made(tag))
        };
        let (kept, gone): (Vec<&Tag>, Vec<&Tag>) = names.iter().copied().partition(|tag| stays(tag));
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let refused = |problem: String| TransferError::Prune { place: mirror.sink.describe(), problem };
        if mirrored.is_empty() {
            return Err(refused("the source has no tag that is mirrored".to_owned()));
        }
        if gone.len() * 100 > names.len() * self.maximum_percent as usize {
            let (gone, all, percent) = (gone.len(), names.len(), self.maximum_percent);
            return Err(refused(format!("{gone} of {all} tags would go, and at most {percent} % may")));
        }
        let mut deleted: Vec<Tag> = gone.iter().map(|tag| (*tag).clone()).collect();
        if mirror.options.dry_run {
            return Ok(deleted);
        }
        let mut about: BTreeMap<Digest, Vec<Tag>> = BTreeMap::new();
        for tag in &gone {
            let Some(root) = mirror.sink.named(tag).await? else { continue };
            let tags = ABOUT.iter().filter_map(|end| format!("{}{end}", Tag::of_referrers(&root.digest)).parse().ok());
            let tags: Vec<Tag> = tags.filter(|tag| there.contains(tag)).collect();
            if !tags.is_empty() {
                about.insert(root.digest, tags);
            }
        }
        // Another tag may name the image, also one that has just come, or a list that lists it.
        if !about.is_empty() {
            let stays: BTreeSet<&Tag> = kept.into_iter().chain(mirrored).collect();
            let named = named(&mirror.sink, &stays).await?;
            let named = named.map_err(|digest| refused(format!("the list {digest}, which stays, cannot be read")))?;
            about.retain(|digest, _| !named.contains(digest));
        }
        for tag in gone {
            mirror.sink.delete(tag).await?;
        }
        for tag in about.into_values().flatten() {
            mirror.sink.delete(&tag).await?;
            deleted.push(tag);
        }
        Ok(deleted)
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
