use crate::advisory::{Advisory, Affected, Details};
use crate::format::{Decoder, Encoder, Malformed};
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::reach::Reach;
use crate::reading::RecordDigest;
use crate::record::Event;
use consign_receipt::FixStatus;
use consign_receipt::predicate::SeverityScore;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// What one record says, whatever the package. What is stated of how bad it is stands there as numbers of texts, until these are looked up.
#[derive(Debug)]
pub(crate) struct Stored<Stated = Rating> {
    pub(crate) id: String,
    pub(crate) names: Names,
    pub(crate) changed: Option<Timestamp>,
    pub(crate) withdrawn: Option<Timestamp>,
    pub(crate) streams: Vec<String>,
    pub(crate) feeds: Vec<usize>,
    pub(crate) rating: Stated,
}

/// A record before its texts are looked up.
pub(crate) type RawRecord = Stored<Vec<(u64, u64)>>;

/// What one record says about one package.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The record's number in the database.
    pub(crate) number: u64,
    pub(crate) record: Arc<Stored>,
    /// What is stated for this package alone.
    pub(crate) rating: Rating,
    pub(crate) versions: AffectedVersions,
    pub(crate) status: Option<FixStatus>,
    pub(crate) reach: Reach,
}

/// An entry before its texts are looked up.
#[derive(Debug)]
pub(crate) struct RawEntry {
    pub(crate) record: u64,
    pub(crate) status: Option<FixStatus>,
    pub(crate) stated: Vec<(u64, u64)>,
    /// Of each event what it is, and which version.
    pub(crate) ranges: Vec<Vec<(u8, u64)>>,
    pub(crate) listed: Vec<u64>,
    pub(crate) reach: Reach,
}

/// What stands for a text that occurs often.
pub(crate) trait Spelling {
    /// Returns the number of a text.
    fn number(&mut self, text: &str) -> io::Result<u64>;
}

/// Writes texts out, one behind the other, each time they occur.
#[derive(Default)]
struct Spelled(Encoder);

impl Spelling for Spelled {
    fn number(&mut self, text: &str) -> io::Result<u64> {
        self.0.text(text);
        Ok(0)
    }
}

/// Returns a digest of all that was understood of a record, however it was written.
pub(crate) fn digest(advisory: &Advisory) -> io::Result<RecordDigest> {
    let mut spelled = Spelled::default();
    let mut item = Encoder(encode_record(advisory, &BTreeSet::new(), &mut spelled)?);
    item.count(advisory.affected.len());
    for affected in &advisory.affected {
        item.text(&affected.ecosystem.key());
        item.text(&affected.package);
        encode_versions(affected, &mut item, &mut spelled)?;
    }
    item.text(&advisory.details.summary);
    item.texts(advisory.details.references.iter());
    item.bytes(&spelled.0.0);
    Ok(Sha256::digest(&item.0).into())
}

pub(crate) fn encode_record(
    advisory: &Advisory,
    feeds: &BTreeSet<u64>,
    texts: &mut impl Spelling,
) -> io::Result<Vec<u8>> {
    let mut item = Encoder::default();
    item.text(&advisory.id);
    item.texts(advisory.names.all.iter());
    item.texts(advisory.names.numbers.iter());
    item.time(advisory.changed);
    item.time(advisory.withdrawn);
    item.texts(advisory.streams.iter());
    item.count(feeds.len());
    feeds.iter().for_each(|feed| item.number(*feed));
    encode_stated(&advisory.rating, &mut item, texts)?;
    Ok(item.0)
}

pub(crate) fn encode_details(details: &Details, digest: &RecordDigest) -> Vec<u8> {
    let mut item = Encoder::default();
    // Half of it tells records apart well enough, and does not compress.
    item.bytes(&digest[..16]);
    item.text(&details.summary);
    item.texts(details.references.iter());
    item.0
}

pub(crate) fn decode_details(item: &mut Decoder<'_>) -> Result<(Vec<u8>, Details), Malformed> {
    let digest = item.bytes()?.to_vec();
    Ok((digest, Details { summary: item.text()?.to_owned(), references: item.texts()? }))
}

pub(crate) fn encode_versions(affected: &Affected, item: &mut Encoder, texts: &mut impl Spelling) -> io::Result<()> {
    let status = affected.status.and_then(|status| FixStatus::ALL.iter().position(|known| *known == status));
    item.count(status.map_or(0, |status| status + 1));
    encode_stated(&affected.rating, item, texts)?;
    // Of ranges that cannot be understood, one says all that several would.
    let mut empty = affected.versions.ranges.iter().filter(|events| events.is_empty()).skip(1).count();
    item.count(affected.versions.ranges.len() - empty);
    for events in &affected.versions.ranges {
        if events.is_empty() && empty > 0 {
            empty -= 1;
            continue;
        }
        item.count(events.len());
        for event in events {
            let (kind, version) = match event {
                Event::Introduced(version) => (0, &**version),
                Event::Fixed(version) => (1, &**version),
                Event::LastAffected(version) => (2, &**version),
                Event::Limit(version) => (3, &**version),
                Event::Several => (4, ""),
            };
            item.0.push(kind);
            item.number(texts.number(version)?);
        }
    }
    item.count(affected.versions.listed.len());
    affected.versions.listed.iter().try_for_each(|version| texts.number(version).map(|number| item.number(number)))?;
    affected.reach.encode(item);
    Ok(())
}

fn encode_stated(rating: &Rating, item: &mut Encoder, texts: &mut impl Spelling) -> io::Result<()> {
    item.count(rating.stated.len());
    rating.stated.iter().try_for_each(|SeverityScore { method, score }| {
        item.number(texts.number(method)?);
        item.number(texts.number(score)?);
        Ok(())
    })
}

fn stated(item: &mut Decoder<'_>) -> Result<Vec<(u64, u64)>, Malformed> {
    item.list(|item| Ok((item.number()?, item.number()?)))
}

impl RawRecord {
    pub(crate) fn decode(item: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: item.text()?.to_owned(),
            names: Names { all: item.texts()?, numbers: item.texts()? },
            changed: item.time()?,
            withdrawn: item.time()?,
            streams: item.texts()?,
            feeds: item.list(|item| usize::try_from(item.number()?).map_err(|_| Malformed))?,
            rating: stated(item)?,
        })
    }
}

impl RawEntry {
    pub(crate) fn decode(item: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let record = item.number()?;
        let status = match item.number()? {
            0 => None,
            status => {
                let index = usize::try_from(status - 1).map_err(|_| Malformed)?;
                Some(*FixStatus::ALL.get(index).ok_or(Malformed)?)
            }
        };
        let stated = stated(item)?;
        let ranges: Vec<Vec<_>> = item.list(|item| item.list(|item| Ok((item.byte()?, item.number()?))))?;
        // They take more memory than bytes, and none is written twice.
        if ranges.iter().filter(|events| events.is_empty()).nth(1).is_some() {
            return Err(Malformed);
        }
        Ok(Self { record, status, stated, ranges, listed: item.list(Decoder::number)?, reach: Reach::decode(item)? })
    }
}

/// Makes an event of what it is and its version.
pub(crate) fn event(kind: u8, version: String) -> Result<Event, Malformed> {
    let version = version.into_boxed_str();
    Ok(match kind {
        0 => Event::Introduced(version),
        1 => Event::Fixed(version),
        2 => Event::LastAffected(version),
        3 => Event::Limit(version),
        4 => Event::Several,
        _ => return Err(Malformed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_cannot_be_understood_are_one() {
        let ranges = vec![Box::default(), [Event::Several].into(), Box::default(), Box::default()];
        let versions = AffectedVersions { ranges: ranges.into(), listed: Box::default() };
        let ecosystem = crate::ecosystem::Ecosystem::of_record("npm");
        let affected = Affected {
            ecosystem,
            package: "a".to_owned(),
            rating: Rating::default(),
            versions,
            status: None,
            reach: Reach::default(),
        };
        let mut item = Encoder::default();
        encode_versions(&affected, &mut item, &mut Spelled::default()).unwrap();
        let decode = |bytes: &[u8]| RawEntry::decode(&mut Decoder(bytes));
        let entry = decode(&[&[0], &item.0[..]].concat()).unwrap();
        assert_eq!(entry.ranges, [vec![(4, 0)], vec![]]);
        // Number, status, nothing stated, empty ranges, nothing listed, everywhere.
        assert!(decode(&[0, 0, 0, 1, 0, 0, 0, 0]).is_ok());
        assert!(decode(&[0, 0, 0, 2, 0, 0, 0, 0, 0]).is_err());
    }
}
