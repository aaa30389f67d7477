use super::Mirror;
use crate::TransferError;
use consign_oci::Tag;
use regex::Regex;
use std::collections::BTreeSet;

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
    /// Deletes the tags that are there and are not mirrored, with the signatures of what no tag names any more. Returns them.
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
        // Two tags may name one image.
        let mut named = BTreeSet::new();
        for tag in kept {
            named.extend(mirror.sink.named(tag).await?.map(|root| root.digest));
        }
        for tag in gone {
            let root = mirror.sink.named(tag).await?;
            mirror.sink.delete(tag).await?;
            let Some(root) = root.filter(|root| !named.contains(&root.digest)) else { continue };
            let about = ABOUT.iter().filter_map(|end| format!("{}{end}", Tag::of_referrers(&root.digest)).parse().ok());
            for tag in about.filter(|tag: &Tag| there.contains(tag)) {
                mirror.sink.delete(&tag).await?;
                deleted.push(tag);
            }
        }
        Ok(deleted)
    }
}
