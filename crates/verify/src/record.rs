use crate::attestations::Attestations;
use crate::{Failure, Piece};
use consign_oci::{Digest, Platform, Repository, Tag};
use consign_receipt::Receipt;
use consign_receipt::predicate::{self, ReleaseRecord};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use semver::Version;
use serde::Deserialize as _;
use std::collections::BTreeSet;

/// A release record that the key signed, with what orders it among the records of its image.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) piece: Piece,
    pub(crate) record: ReleaseRecord,
    time: Timestamp,
}

impl Record {
    fn read(piece: &Piece, receipt: &Receipt) -> Result<Self, Box<Failure>> {
        let piece = || piece.clone();
        let record = ReleaseRecord::deserialize(&receipt.statement.predicate)
            .map_err(|source| Box::new(Failure::Record { piece: piece(), source }))?;
        Self::of(piece(), record)
    }

    pub(crate) fn of(piece: Piece, record: ReleaseRecord) -> Result<Self, Box<Failure>> {
        match record.time.parse() {
            Ok(time) => Ok(Self { piece, record, time }),
            Err(source) => Err(Box::new(Failure::RecordTime { piece, source })),
        }
    }

    /// Returns the day of the release, in UTC: the earliest that it can have been.
    pub(crate) fn day(&self) -> Date {
        self.time.to_zoned(TimeZone::UTC).date()
    }

    /// Returns the version, where it is one of those that have an order.
    pub(crate) fn version(&self) -> Option<Version> {
        version(&self.record.version)
    }

    /// Returns whether this release is later than the other: its version is higher or, where that does not tell, its time.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        match (self.version(), other.version()) {
            (Some(one), Some(other_version)) if one.cmp_precedence(&other_version).is_ne() => one > other_version,
            _ => self.time > other.time,
        }
    }

    /// Returns whether the release put this tag of the repository on its index.
    pub(crate) fn names(&self, repository: &Repository, tag: &Tag) -> bool {
        self.tags(repository).any(|found| found == tag)
    }

    /// Returns the tags of the repository that the release put on its index.
    pub(crate) fn tags<'a>(&'a self, repository: &'a Repository) -> impl Iterator<Item = &'a Tag> {
        let here = self.record.destinations.iter().filter(move |destination| destination.repository == *repository);
        here.flat_map(|destination| &destination.tags)
    }
}

/// Reads a version as tags have it: Semantic Versioning 2.0.0, with or without a `v` before it.
pub(crate) fn version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// Returns all records of an index that can be read, newest first. A record that is malformed or of another index is a failure.
pub(crate) fn records(attestations: &Attestations, index: &Digest, failures: &mut Vec<Failure>) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for (piece, receipt) in attestations.of_type(predicate::RELEASE_RECORD) {
        match Record::read(piece, receipt) {
            Ok(record) if record.record.index == *index => {
                let place = records.iter().position(|other| record.is_newer_than(other)).unwrap_or(records.len());
                records.insert(place, record);
            }
            Ok(record) => failures.push(Failure::RecordIndex { piece: piece.clone(), found: record.record.index }),
            Err(failure) => failures.push(*failure),
        }
    }
    records
}

/// Checks that a record lists exactly the images that the index has.
pub(crate) fn check_platforms(record: &Record, index: &[(Platform, Digest)]) -> Option<Failure> {
    let name = |(platform, digest): &(&Platform, &Digest)| format!("{platform} {digest}");
    let recorded: BTreeSet<_> =
        record.record.platforms.iter().map(|platform| (&platform.platform, &platform.digest)).collect();
    let found: BTreeSet<_> = index.iter().map(|(platform, digest)| (platform, digest)).collect();
    if recorded == found {
        return None;
    }
    Some(Failure::RecordPlatforms {
        piece: record.piece.clone(),
        recorded: recorded.difference(&found).map(name).collect(),
        found: found.difference(&recorded).map(name).collect(),
    })
}

/// Checks that what a record says of the policy agrees. Older records say only the digest.
pub(crate) fn check_policy(record: &Record) -> Option<Failure> {
    let found = record.record.required().digest();
    if record.record.requirements.is_empty() || found == record.record.policy {
        return None;
    }
    Some(Failure::RecordPolicy { piece: record.piece.clone(), stated: record.record.policy.clone(), found })
}

/// The records that count.
pub(crate) struct Chosen<'a> {
    /// The newest.
    pub(crate) newest: &'a Record,
    /// That, and those that are not older: nothing says which of them came last.
    pub(crate) all: Vec<&'a Record>,
}

/// Returns the newest records that name what was asked for; without anything asked for, the newest.
pub(crate) fn choose<'a>(
    records: &'a [Record],
    requested: Option<(&Repository, &Tag)>,
    index: &Digest,
) -> Result<Chosen<'a>, Box<Failure>> {
    let any = records.first().ok_or_else(|| Box::new(Failure::NoRecord { index: index.clone() }))?;
    let names = |record: &&Record| requested.is_none_or(|(repository, tag)| record.names(repository, tag));
    let newest = match (records.iter().find(names), requested) {
        (Some(newest), _) => newest,
        (None, None) => any,
        (None, Some((repository, tag))) => {
            let released = released(&any.record);
            return Err(Box::new(Failure::NotReleased { repository: repository.clone(), tag: tag.clone(), released }));
        }
    };
    let all = records.iter().filter(names).filter(|record| !newest.is_newer_than(record)).collect();
    Ok(Chosen { newest, all })
}

/// Returns the references that a release was given, some of them where there are many.
fn released(record: &ReleaseRecord) -> Vec<String> {
    let tags = record
        .destinations
        .iter()
        .flat_map(|destination| destination.tags.iter().map(|tag| format!("{}:{tag}", destination.repository)));
    tags.take(20).collect()
}
