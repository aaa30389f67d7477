//! What a release is called: tags from git, or exactly those that the configuration lists.

mod decision;
mod facts;
mod git;

pub use decision::{PlannedTag, SkippedTag, TagDecision};
pub use facts::GitFacts;

use crate::configuration::TagRules;
use consign_oci::Tag;

/// Tags were to come from git, and there is no repository with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tags from git need a git repository with a commit")]
pub struct NoGit;

/// Decides which tags a release gets, most specific first and `latest` last, each with its reason.
///
/// With [`TagRules::Git`]:
/// - HEAD carries a stable version, `1.2.3` or `v1.2.3` (the highest, if several): `1.2.3`; and `1.2`, `1` and `latest`, each only if no
///   stable version in git's tags is higher in its line. Never the bare `0`.
/// - HEAD carries only prereleases: the highest of them and nothing else.
/// - Otherwise: the short commit and the branch, unless its name could be taken for a release's tag.
/// - Files differ from HEAD: the short commit with `-dirty`, and nothing that others follow, since nobody could build it again.
///
/// A `+` of build metadata, which tags cannot have, becomes `-`, as docker/metadata-action does. In a shallow clone higher
/// versions may be unknown, so that nothing moves but the full version.
pub fn tags(rules: &TagRules, facts: Option<&GitFacts>) -> Result<TagDecision, NoGit> {
    match rules {
        TagRules::Git => facts.map(git::decide).ok_or(NoGit),
        TagRules::List(list) => {
            let (latest, others): (Vec<&Tag>, Vec<&Tag>) =
                list.iter().map(|tag| &tag.value).partition(|tag| **tag == Tag::latest());
            let ordered = others.into_iter().chain(latest);
            let tags: Vec<PlannedTag> = ordered.map(|tag| PlannedTag::new(tag.clone(), "listed in `tags`")).collect();
            let version = tags.first().map(|first| first.tag.to_string()).unwrap_or_default();
            Ok(TagDecision { version, tags, skipped: Vec::new() })
        }
    }
}

/// Returns under which of the tags of a repository its newest release is to be found: `latest`, else the highest stable version, else the highest
/// of all; `None` where none is a version.
pub fn newest_release(tags: &[Tag]) -> Option<&Tag> {
    tags.iter().find(|tag| **tag == Tag::latest()).or_else(|| git::newest(tags.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_release_is_the_latest_or_the_highest_stable_one() {
        for (tags, expected) in [
            (&["1.0.0", "latest", "2.0.0"][..], Some("latest")),
            (&["1.9.0", "v1.10.0", "2.0.0-rc.1", "main"], Some("v1.10.0")),
            (&["2.0.0-rc.1", "2.0.0-rc.2"], Some("2.0.0-rc.2")),
            (&["main", "0a1b2c3"], None),
            (&[], None),
        ] {
            let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
            assert_eq!(newest_release(&tags).map(Tag::as_str), expected, "{tags:?}");
        }
    }
}
