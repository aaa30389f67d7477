use crate::attestations::{CONCURRENCY, Reader, Wanted};
use crate::candidates::Candidates;
use crate::fetch::stop;
use crate::record::{Record, records};
use crate::{Failure, Note, Owner, Part, Piece, VerifyError};
use consign_image::{Place, Trouble};
use consign_oci::{Digest, Repository, Tag, media_type};
use consign_receipt::predicate::ReleaseRecord;
use consign_trust::Authority;
use futures::StreamExt as _;
use std::collections::BTreeSet;

/// What a search for a later release comes to.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// That there is one, or that this cannot be told.
    pub(crate) failures: Vec<Failure>,
    /// That not all of the repository was searched.
    pub(crate) note: Option<Note>,
}

/// Looks for a later release that was given the tag, which then names an older one.
///
/// A signature binds no tag, so whoever may write tags could put an old, signed image under `latest`. Later releases are found under
/// other tags of the repository, of which a bounded number is looked at, the likeliest first. What binds is that a record names
/// repository and tag; the image's name in the configuration may have changed since.
pub(crate) async fn find_moved_back(
    reader: &Reader<'_>,
    record: &Record,
    requested: (&Repository, &Tag),
) -> Result<Search, VerifyError> {
    let (repository, tag) = requested;
    let digest = &record.record.index;
    let piece = Piece::new(Part::Tag, &Owner::Index, digest);
    let listed = reader.list_tags(&piece).await?;
    let candidates = Candidates::choose(tag, &record.record.version, record.tags(repository), listed);
    let others = indexes(reader.place(), &candidates.tags, &piece).await?;
    let searches = others.iter().map(|(_, index)| later(reader, index, record, requested)).collect::<Vec<_>>();
    let mut searches = futures::stream::iter(searches).buffered(CONCURRENCY).zip(futures::stream::iter(&others));
    let mut search = Search::default();
    while let Some((found, (candidate, index))) = searches.next().await {
        match found? {
            Later::Released(later) => {
                let moved = Failure::TagMoved {
                    tag: tag.clone(),
                    version: record.record.version.clone(),
                    digest: digest.clone(),
                    newer_version: later.record.version,
                    newer_digest: later.record.index,
                };
                return Ok(Search { failures: vec![moved], note: None });
            }
            Later::Unknown(failure) => search.failures.push(Failure::Undecided {
                tag: tag.clone(),
                candidate: candidate.clone(),
                digest: index.clone(),
                failure,
            }),
            Later::No => {}
        }
    }
    let looked_at = candidates.tags.len();
    search.note = (candidates.left > 0).then_some(Note::TagsLeft { looked_at, left: candidates.left });
    Ok(search)
}

/// Returns the first of these tags that a later release than `release` was given, with that release, where they name its index now and
/// one of the authorities signed it. For whoever is about to move them: they would go back. What cannot be read there says nothing.
pub async fn find_later<'a>(
    place: &Place,
    named: &Digest,
    release: &ReleaseRecord,
    (repository, tags): (&Repository, &[&'a Tag]),
    authorities: &[Authority],
) -> Result<Option<(&'a Tag, ReleaseRecord)>, VerifyError> {
    let piece = Piece::new(Part::ReleaseRecord, &Owner::Index, &release.index);
    let release = Record::of(piece, release.clone()).map_err(|failure| VerifyError::from(*failure))?;
    let (records, _) = records_of(&Reader::new(place, None, authorities), named).await?;
    let mut later = records.into_iter().filter(|other| other.is_newer_than(&release));
    Ok(later.find_map(|other| {
        let tag = tags.iter().find(|tag| other.names(repository, tag))?;
        Some((*tag, other.record))
    }))
}

/// Returns the other indexes that these tags name, each once, with the first of its tags.
async fn indexes(place: &Place, candidates: &[Tag], piece: &Piece) -> Result<Vec<(Tag, Digest)>, VerifyError> {
    let asked = candidates.iter().map(|candidate| index(place, candidate, piece)).collect::<Vec<_>>();
    let mut asked = futures::stream::iter(asked).buffered(CONCURRENCY).zip(futures::stream::iter(candidates));
    let mut seen = BTreeSet::from([piece.digest.clone()]);
    let mut indexes = Vec::new();
    while let Some((found, candidate)) = asked.next().await {
        if let Some(digest) = found?.filter(|digest| seen.insert(digest.clone())) {
            indexes.push((candidate.clone(), digest));
        }
    }
    Ok(indexes)
}

/// Returns the index that a tag names. What is none was never released.
async fn index(place: &Place, candidate: &Tag, piece: &Piece) -> Result<Option<Digest>, VerifyError> {
    match place.tagged(candidate).await {
        Ok(found) => Ok(found.filter(|found| media_type::is_index(&found.media_type)).map(|found| found.digest)),
        Err(error) if error.trouble() == Trouble::Malformed => Ok(None),
        Err(error) => Err(stop(piece, error).into()),
    }
}

/// What another index's records say of the tag.
enum Later {
    /// A later release was given the tag.
    Released(Box<Record>),
    /// Something that may be the record of one cannot be read.
    Unknown(Box<Failure>),
    /// None was.
    No,
}

/// Looks for a record of another index that is later and names the tag.
///
/// What others signed, or nobody, says nothing. What is there and wrong, and may be a record, must not pass for its absence.
async fn later(
    reader: &Reader<'_>,
    index: &Digest,
    record: &Record,
    (repository, tag): (&Repository, &Tag),
) -> Result<Later, VerifyError> {
    let (records, failures) = records_of(reader, index).await?;
    let later = records.into_iter().find(|other| other.names(repository, tag) && other.is_newer_than(record));
    Ok(match (later, failures.into_iter().next()) {
        (Some(later), _) => Later::Released(Box::new(later)),
        (None, Some(failure)) => Later::Unknown(Box::new(failure)),
        (None, None) => Later::No,
    })
}

/// Returns the release records of an index, newest first, and what may be one and cannot be read. What is not signed as it says is none: anybody can have
/// attached it.
async fn records_of(reader: &Reader<'_>, index: &Digest) -> Result<(Vec<Record>, Vec<Failure>), VerifyError> {
    let mut attestations = reader.about(index, &Owner::Index, Wanted::Records).await?;
    let mut failures = std::mem::take(&mut attestations.failures);
    failures.retain(|failure| !failure.is_of_a_signature());
    let records = records(&attestations, index, &mut failures);
    Ok((records, failures))
}
