use super::reader::Reader;
use super::{Code, ImageSettings, TagRules};
use consign_oci::{Repository, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// Most tags of all images at all destinations together.
const CLAIM_LIMIT: usize = 100_000;

/// What is known of the tags that something will have, before git is asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    FromGit,
    Tag(Tag),
}

/// Reports names that stand twice, and images that would take each other's tags.
pub(crate) fn check(reader: &mut Reader<'_>, images: &[ImageSettings]) {
    let mut names = BTreeSet::new();
    let mut claims: BTreeMap<(&Repository, Claim), &str> = BTreeMap::new();
    for image in images {
        if !names.insert(image.name.as_str()) {
            let message = format!("two images are called `{}`", image.name.value);
            reader.report_hint(Code::DuplicateName, image.name.span, message, "give one of them another `name:`");
        }
        for destination in &image.destinations {
            let wanted: Vec<Claim> = match (&destination.tag, &image.tags) {
                (Some(tag), _) => vec![Claim::Tag(tag.clone())],
                (None, TagRules::Git) => vec![Claim::FromGit],
                (None, TagRules::List(tags)) => tags.iter().map(|tag| Claim::Tag(tag.value.clone())).collect(),
            };
            if claims.len().saturating_add(wanted.len()) > CLAIM_LIMIT {
                let message = format!("all destinations together get more than {CLAIM_LIMIT} tags");
                reader.report(Code::TooLarge, destination.span, message);
                return;
            }
            for claim in wanted {
                let what = match &claim {
                    Claim::FromGit => format!("`{}`, with tags from git,", destination.repository),
                    Claim::Tag(tag) => format!("`{}:{tag}`", destination.repository),
                };
                if let Some(other) = claims.insert((&destination.repository, claim), &image.name) {
                    let whom = if other == image.name.as_str() { "twice" } else { "for two images" };
                    reader.report(Code::Overlap, destination.span, format!("{what} is the destination {whom}"));
                    break;
                }
            }
        }
    }
}
