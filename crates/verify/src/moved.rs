use crate::attestations::attestations;
use crate::fetch::stop;
use crate::record::{Record, records, version};
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::Place;
use consign_oci::{Digest, Repository, Tag};
use consign_sign::PublicKey;
use semver::Version;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Most tags of higher versions that are looked at.
const HIGHER_LIMIT: usize = 16;
/// Most other tags of the same release that are looked at.
const SIBLING_LIMIT: usize = 64;

/// Looks for a later release of the same image that was given the tag, which then names an older one.
///
/// A signature binds no tag, so whoever may write tags could put an old, signed image under `latest`. Later releases are found under
/// the record's other tags, which should have moved along, and under tags that are higher versions.
pub(crate) async fn find_moved_back(
    place: &Place,
    record: &Record,
    (repository, tag): (&Repository, &Tag),
    key: &PublicKey,
) -> Result<Option<Failure>, VerifyError> {
    let digest = &record.record.index;
    let mut seen = BTreeSet::from([digest.clone()]);
    for candidate in candidates(place, record, (repository, tag)).await? {
        let piece = Piece::new(Part::Tag, &Owner::Index, digest);
        let other = place.tagged(&candidate).await.map_err(|error| stop(&piece, error))?;
        let Some(other) = other.filter(|other| seen.insert(other.digest.clone())) else { continue };
        let later = later(place, &other.digest, record, (repository, tag), key).await?;
        if let Some(later) = later {
            return Ok(Some(Failure::TagMoved {
                tag: tag.clone(),
                version: record.record.version.clone(),
                digest: digest.clone(),
                newer_version: later.record.version,
                newer_digest: later.record.index,
            }));
        }
    }
    Ok(None)
}

/// Returns the tags under which a later release may be found.
async fn candidates(
    place: &Place,
    record: &Record,
    (repository, tag): (&Repository, &Tag),
) -> Result<Vec<Tag>, VerifyError> {
    let siblings = record.tags(repository).filter(|other| *other != tag).take(SIBLING_LIMIT);
    let mut candidates: Vec<Tag> = siblings.cloned().collect();
    if let Some(found) = record.version() {
        let piece = Piece::new(Part::Tag, &Owner::Index, &record.record.index);
        let tags = place.tags().await.map_err(|error| stop(&piece, error))?;
        candidates.extend(higher(&tags, &found));
    }
    Ok(candidates)
}

/// Returns the tags of the highest stable versions above `found`, highest first.
fn higher(tags: &[Tag], found: &Version) -> Vec<Tag> {
    let versions = tags.iter().filter_map(|tag| Some((version(tag.as_str())?, tag)));
    let mut higher: Vec<_> = versions.filter(|(version, _)| version.pre.is_empty() && version > found).collect();
    higher.sort_by_key(|(version, _)| Reverse(version.clone()));
    higher.into_iter().take(HIGHER_LIMIT).map(|(_, tag)| tag.clone()).collect()
}

/// Returns the record of another index of the same image that was later given the tag. What is wrong with that index is no concern here.
async fn later(
    place: &Place,
    index: &Digest,
    record: &Record,
    (repository, tag): (&Repository, &Tag),
    key: &PublicKey,
) -> Result<Option<Record>, VerifyError> {
    let attestations = attestations(place, index, &Owner::Index, key).await?;
    let records = records(&attestations, index, &mut Vec::new());
    Ok(records.into_iter().find(|other| {
        other.record.image == record.record.image && other.names(repository, tag) && other.is_newer_than(record)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_highest_stable_versions_first() {
        let tags: Vec<Tag> =
            ["1.2.3", "1.2.4", "v2.0.0", "1.10.0", "1.9.0", "3.0.0-rc.1", "latest", "1.2", "0.9.0", "1.2.4-1"]
                .iter()
                .map(|tag| tag.parse().unwrap())
                .collect();
        let found: Vec<String> = higher(&tags, &Version::new(1, 2, 3)).iter().map(Tag::to_string).collect();
        assert_eq!(found, ["v2.0.0", "1.10.0", "1.9.0", "1.2.4"]);
        let many: Vec<Tag> = (0..100).map(|patch| format!("9.0.{patch}").parse().unwrap()).collect();
        let found = higher(&many, &Version::new(1, 2, 3));
        assert_eq!(found.len(), HIGHER_LIMIT);
        assert_eq!(found[0].as_str(), "9.0.99");
    }
}
