use crate::record::version;
use consign_oci::Tag;
use semver::Version;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Most other tags of a repository that are asked what they name.
const LIMIT: usize = 48;
/// Most of them that come first because the same release was given them.
const SIBLING_LIMIT: usize = 16;
/// Most of them that come next because they are higher versions.
const HIGHER_LIMIT: usize = 16;

/// The tags of a repository under which a later release may be found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// The tags to ask for, the likeliest first.
    pub(crate) tags: Vec<Tag>,
    /// How many more there are.
    pub(crate) left: usize,
}

impl Candidates {
    /// Chooses among the tags that the repository lists, and those that the release was given. A version lower than the one
    /// released is no candidate: its record could not be later.
    pub(crate) fn choose<'a>(
        requested: &'a Tag,
        released: &str,
        siblings: impl Iterator<Item = &'a Tag>,
        listed: &'a [Tag],
    ) -> Self {
        let found = version(released);
        let is_lower = |tag: &Tag| {
            let versions = version(tag.as_str()).zip(found.as_ref());
            versions.is_some_and(|(version, found)| version.cmp_precedence(found).is_lt())
        };
        let others: Vec<&Tag> = listed.iter().filter(|tag| !is_about_a_digest(tag) && !is_lower(tag)).collect();
        // Where a registry lists tags as they were pushed, the newest stand last.
        let mut rest: Vec<&Tag> = others.iter().rev().copied().collect();
        let shape = Shape::of(released);
        rest.sort_by_key(|tag| match Shape::of(tag.as_str()) {
            same if same == shape => 0,
            Shape::Name => 1,
            _ => 2,
        });
        let higher = found.map(|found| higher(&others, &found, requested)).unwrap_or_default();
        let mut seen = BTreeSet::from([requested]);
        let mut tags: Vec<&Tag> = siblings.take(SIBLING_LIMIT).chain(higher).chain(rest).collect();
        tags.retain(|tag| seen.insert(*tag));
        let left = tags.len().saturating_sub(LIMIT);
        Self { tags: tags.into_iter().take(LIMIT).cloned().collect(), left }
    }
}

/// What a tag or a version looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A Semantic Version.
    Version,
    /// A commit, of a clean tree or not.
    Commit,
    /// Anything else: a branch, `latest`, `1.2`.
    Name,
}

impl Shape {
    fn of(text: &str) -> Self {
        let commit = text.strip_suffix("-dirty").unwrap_or(text);
        if version(text).is_some() {
            Self::Version
        } else if (7..=64).contains(&commit.len()) && commit.bytes().all(is_hexadecimal) {
            Self::Commit
        } else {
            Self::Name
        }
    }
}

/// Returns the tags of the highest stable versions above `found`: those in the line that `requested` stands for (`1.2.9` for `1.2`) first,
/// then highest first.
fn higher<'a>(tags: &[&'a Tag], found: &Version, requested: &Tag) -> Vec<&'a Tag> {
    let line = format!("{}.", unprefixed(requested.as_str()));
    let versions = tags.iter().filter_map(|tag| Some((version(tag.as_str())?, *tag)));
    let mut higher: Vec<_> = versions.filter(|(version, _)| version.pre.is_empty() && version > found).collect();
    higher.sort_by_key(|(version, tag)| Reverse((unprefixed(tag.as_str()).starts_with(&line), version.clone())));
    higher.into_iter().take(HIGHER_LIMIT).map(|(_, tag)| tag).collect()
}

/// Returns whether a client made the tag for what is about a digest (distribution-spec, "Referrers Tag Schema"): `sha256-<digest>`, or
/// with `.sig`, `.att` or `.sbom` after it, as cosign before version 3 did.
fn is_about_a_digest(tag: &Tag) -> bool {
    let digest = ["sha256-", "sha512-"].iter().find_map(|prefix| tag.as_str().strip_prefix(prefix));
    digest.is_some_and(|digest| digest.len() >= 64 && digest.bytes().take(64).all(is_hexadecimal))
}

fn is_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn unprefixed(text: &str) -> &str {
    text.strip_prefix('v').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[&str]) -> Vec<Tag> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn choose(requested: &str, released: &str, siblings: &[&str], listed: &[&str]) -> Vec<String> {
        let (requested, siblings, listed) = (requested.parse().unwrap(), tags(siblings), tags(listed));
        let candidates = Candidates::choose(&requested, released, siblings.iter(), &listed);
        assert_eq!(candidates.left, 0);
        candidates.tags.iter().map(Tag::to_string).collect()
    }

    #[test]
    fn takes_the_likeliest_first() {
        let referrers = format!("sha256-{}", "0".repeat(64));
        let signature = format!("{referrers}.sig");
        // The tag asked for, the version released, its tags, those of the repository, and what is chosen.
        type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);
        let cases: [Case<'_>; 5] = [
            // The tags of the same release, the highest stable versions, prereleases, then names; no lower version.
            (
                "latest",
                "1.2.3",
                &["1.2.3", "1.2", "latest"],
                &["0.9.0", "1.2", "1.2.3", "1.2.4-1", "1.10.0", "1.9.0", "3.0.0-rc.1", "latest", "main", "v2.0.0"],
                &["1.2.3", "1.2", "v2.0.0", "1.10.0", "1.9.0", "3.0.0-rc.1", "1.2.4-1", "main"],
            ),
            // The line of the tag goes before what is merely higher.
            ("1.2", "1.2.3", &["1.2"], &["2.0.0", "1.2.4", "1.20.0"], &["1.2.4", "2.0.0", "1.20.0"]),
            ("v1.2", "1.2.3", &["v1.2"], &["v2.0.0", "v1.2.4", "v1.20.0"], &["v1.2.4", "v2.0.0", "v1.20.0"]),
            // Commits have no order: the last in the list first, and names after them.
            (
                "main",
                "0a1b2c3",
                &["0a1b2c3", "main"],
                &["0a1b2c3", "1.0.0", "4d5e6f7", "89abcde-dirty", "edge", "main"],
                &["0a1b2c3", "89abcde-dirty", "4d5e6f7", "edge", "1.0.0"],
            ),
            ("main", "0a1b2c3", &["main"], &["main", &referrers, &signature, "sha256-0"], &["sha256-0"]),
        ];
        for (requested, released, siblings, listed, expected) in cases {
            assert_eq!(choose(requested, released, siblings, listed), expected, "{requested} {released}");
        }
    }

    #[test]
    fn takes_a_bounded_number_and_says_how_many_it_leaves() {
        let many = |count: usize, text: &str| -> Vec<Tag> {
            (0..count).map(|number| format!("{text}{number}").parse().unwrap()).collect()
        };
        let latest = Tag::latest();
        let (siblings, mut listed) = (many(20, "sibling"), many(100, "9.0."));
        listed.extend(many(30, "branch"));
        let candidates = Candidates::choose(&latest, "1.2.3", siblings.iter(), &listed);
        assert_eq!((candidates.tags.len(), candidates.left), (LIMIT, SIBLING_LIMIT + 130 - LIMIT));
        assert_eq!(candidates.tags[SIBLING_LIMIT - 1].as_str(), "sibling15");
        assert_eq!(candidates.tags[SIBLING_LIMIT].as_str(), "9.0.99");
        let few = Candidates::choose(&latest, "1.2.3", siblings.iter().take(3), &listed[..5]);
        assert_eq!((few.tags.len(), few.left), (8, 0));
    }
}
