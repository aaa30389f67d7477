use crate::ecosystem::Ecosystem;
use crate::entry::{Entry, RawEntry, RawRecord, Stored, event};
use crate::format::{DatabaseFile, Decoder, Section, is_database};
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::summary::{FeedSummary, Times};
use crate::vulnerability::Vulnerability;
use crate::writing::package_key;
use crate::{Built, DatabaseError};
use consign_oci::Digest;
use consign_receipt::predicate::SeverityScore;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Advisories, indexed by the packages that they are about.
#[derive(Debug)]
pub struct Database {
    pub(crate) file: DatabaseFile,
    now: Timestamp,
    /// How many records there are, and when the newest was changed, as of now.
    records: Times,
    /// Of each feed the same, by ecosystem.
    origins: Vec<BTreeMap<String, Times>>,
}

impl Database {
    /// Opens a file that [`Built::write`] has written. Only its table of contents is read.
    /// `now`: what says that it was changed later does not make the database newer, and what is taken back later stands.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, DatabaseError> {
        Self::of(DatabaseFile::open(path)?, now)
    }

    /// Returns whether a file is a database, of whatever format, by what it begins with.
    pub fn is_at(path: &Path) -> bool {
        is_database(path)
    }

    /// Opens a file, or makes a database of folders, archives and single files, and opens that. A record that stands in several of them
    /// counts once. One that is malformed fails it: nobody could say what it would have matched.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, now: Timestamp) -> Result<Self, DatabaseError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
        match &paths[..] {
            [only] if is_database(only) => Self::open(only, now),
            _ => Built::of(&paths, None)?.open(now),
        }
    }

    pub(crate) fn of(file: DatabaseFile, now: Timestamp) -> Result<Self, DatabaseError> {
        let records = file.contents.times.clone();
        let origin = |feed: &FeedSummary| {
            feed.origins.iter().map(|origin| (origin.ecosystem.clone(), origin.times.clone())).collect()
        };
        let origins: Vec<BTreeMap<String, Times>> = file.contents.feeds.iter().map(origin).collect();
        let mut database = Self { file, now, records, origins };
        let settled = |times: &Times| times.holds(now);
        if !settled(&database.records) || !database.origins.iter().flat_map(BTreeMap::values).all(settled) {
            database.count_as_of_now()?;
        }
        Ok(database)
    }

    /// Counts what holds now, where some of it is yet to come. That is rare, and needs all records.
    fn count_as_of_now(&mut self) -> Result<(), DatabaseError> {
        let mut records = Vec::new();
        let mut total = Times::default();
        self.file.each(Section::Records, |item| {
            let record = RawRecord::decode(item)?;
            total.add_at(self.now, record.changed, None);
            records.push((record.feeds, record.changed, record.withdrawn));
            Ok(())
        })?;
        let mut seen = BTreeSet::new();
        self.file.each(Section::Packages, |item| {
            let key = item.bytes()?;
            let end = key.iter().position(|byte| *byte == 0).unwrap_or(key.len());
            let ecosystem = String::from_utf8_lossy(&key[..end]).into_owned();
            for entry in item.list::<_, Vec<_>>(RawEntry::decode)? {
                seen.insert((ecosystem.clone(), entry.record));
            }
            Ok(())
        })?;
        let mut origins: Vec<BTreeMap<String, Times>> = self.origins.clone();
        origins.iter_mut().flat_map(BTreeMap::values_mut).for_each(|times| *times = Times::default());
        for (ecosystem, record) in seen {
            let record = usize::try_from(record).ok().and_then(|record| records.get(record));
            let Some((feeds, changed, withdrawn)) = record else {
                return Err(self.file.malformed(crate::format::Malformed));
            };
            for feed in feeds {
                if let Some(times) = origins.get_mut(*feed).and_then(|origins| origins.get_mut(&ecosystem)) {
                    times.add_at(self.now, *changed, *withdrawn);
                }
            }
        }
        (self.records, self.origins) = (total, origins);
        Ok(())
    }

    /// Returns the digest of the database: of its table of contents, which has those of all parts.
    pub fn digest(&self) -> &Digest {
        &self.file.digest
    }

    /// Returns when the newest record was changed, or the newest feed published that is about packages.
    pub fn newest(&self) -> Timestamp {
        let about_packages = self.feeds().iter().filter(|feed| !feed.origins.is_empty());
        let published = about_packages.filter_map(|feed| feed.published).filter(|time| *time <= self.now).max();
        self.records.newest.max(published).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Returns what the database was made of.
    pub fn feeds(&self) -> &[FeedSummary] {
        &self.file.contents.feeds
    }

    /// Returns how many packages it says something about.
    pub fn packages(&self) -> u64 {
        self.file.contents.section(Section::Packages).items
    }

    /// Returns of how many vulnerabilities it knows something beside records.
    pub fn vulnerabilities(&self) -> u64 {
        self.file.contents.section(Section::Vulnerabilities).items
    }

    /// Reads all parts once: each is what the table of contents says.
    pub fn check(&self) -> Result<(), DatabaseError> {
        Section::ALL.into_iter().try_for_each(|section| self.file.each(section, |_| Ok(())))
    }

    /// Returns how many bytes of it were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.file.bytes_read()
    }

    /// Returns a digest that differs where the same image may give another receipt: of the records, and of what of all that they and the feeds say
    /// of times is yet to come.
    pub fn state(&self) -> Digest {
        let published = self.feeds().iter().map(|feed| feed.published.filter(|time| *time <= self.now));
        let published: Vec<Option<Timestamp>> = published.collect();
        Digest::of(format!("{} {:?} {:?} {published:?}", self.digest(), self.records, self.origins).as_bytes())
    }

    /// Returns when what is said about packages from there was last changed. Of each feed and origin the newest record counts, and of
    /// these the oldest: one part that is kept up does not speak for another. Where there is no such part, the newest of all records.
    pub(crate) fn changed<'a>(&self, origins: impl Iterator<Item = &'a Ecosystem>) -> Timestamp {
        let changes = origins.flat_map(|origin| {
            let known: Vec<String> = origin.looked_up().iter().map(Ecosystem::key).collect();
            self.origins.iter().zip(self.feeds()).filter_map(move |(feed, summary)| {
                let parts = known.iter().filter_map(|known| feed.get(known));
                let newest = parts
                    .filter(|times| times.live > 0 || summary.published.is_some())
                    .map(|times| times.newest)
                    .max()?;
                let published = summary.published.filter(|time| *time <= self.now);
                Some(newest.max(published).unwrap_or(Timestamp::UNIX_EPOCH))
            })
        });
        changes.min().unwrap_or_else(|| self.newest())
    }

    /// Returns how many records there are, those among them that were withdrawn.
    pub fn records(&self) -> usize {
        usize::try_from(self.file.contents.section(Section::Records).items).unwrap_or(usize::MAX)
    }

    /// Returns the names of the feeds that are about packages from there.
    pub(crate) fn feeds_about(&self, ecosystem: &Ecosystem) -> impl Iterator<Item = &str> {
        let known: Vec<String> = ecosystem.looked_up().iter().map(Ecosystem::key).collect();
        let is_about = move |(feed, summary): &(&BTreeMap<String, Times>, &FeedSummary)| {
            // A feed that is about one release has it covered, even if it says nothing against any package.
            let is_whole = !crate::feed::is_of_records(&summary.name);
            known.iter().filter_map(|known| feed.get(known)).any(|times| times.live > 0 || is_whole)
        };
        self.origins.iter().zip(self.feeds()).filter(is_about).map(|(_, summary)| summary.name.as_str())
    }

    /// Returns whether any record or feed names a package.
    pub(crate) fn names(&self, ecosystem: &Ecosystem, package: &str) -> Result<bool, DatabaseError> {
        for ecosystem in ecosystem.looked_up() {
            let key = package_key(&ecosystem.key(), &ecosystem.name(package));
            if self.file.find(Section::Packages, &key, |_| Ok(()))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the names of all packages of Maven's, with their groups, whose artifact is called so.
    pub(crate) fn maven_names(&self, artifact: &str) -> Result<Vec<String>, DatabaseError> {
        Ok(self.file.find(Section::Artifacts, artifact.as_bytes(), |item| item.texts())?.unwrap_or_default())
    }

    /// Returns what is said about a package, and was not taken back.
    pub(crate) fn about(&self, ecosystem: &Ecosystem, package: &str) -> Result<Vec<Entry>, DatabaseError> {
        let mut entries = Vec::new();
        let mut records: HashMap<u64, Arc<Stored>> = HashMap::new();
        for ecosystem in ecosystem.looked_up() {
            let key = package_key(&ecosystem.key(), &ecosystem.name(package));
            let raw = self.file.find(Section::Packages, &key, |item| item.list::<_, Vec<_>>(RawEntry::decode))?;
            for raw in raw.into_iter().flatten() {
                let record = match records.get(&raw.record) {
                    Some(record) => record.clone(),
                    None => {
                        let record = Arc::new(self.record(raw.record)?);
                        records.insert(raw.record, record.clone());
                        record
                    }
                };
                if record.withdrawn.is_none_or(|withdrawn| withdrawn > self.now) {
                    entries.push(self.entry(raw, record)?);
                }
            }
        }
        Ok(entries)
    }

    /// Returns a record.
    pub(crate) fn record(&self, number: u64) -> Result<Stored, DatabaseError> {
        let raw = self.file.item(Section::Records, number, RawRecord::decode)?;
        let RawRecord { id, names, changed, withdrawn, streams, feeds, rating } = raw;
        Ok(Stored { id, names, changed, withdrawn, streams, feeds, rating: self.rating(&rating)? })
    }

    pub(crate) fn entry(&self, raw: RawEntry, record: Arc<Stored>) -> Result<Entry, DatabaseError> {
        let mut ranges = Vec::new();
        for events in raw.ranges {
            let events = events
                .into_iter()
                .map(|(kind, version)| event(kind, self.text(version)?).map_err(|error| self.file.malformed(error)));
            ranges.push(events.collect::<Result<Box<[_]>, _>>()?);
        }
        let listed = raw.listed.into_iter().map(|version| Ok(self.text(version)?.into_boxed_str()));
        let listed = listed.collect::<Result<_, DatabaseError>>()?;
        let versions = AffectedVersions { ranges: ranges.into(), listed };
        let rating = self.rating(&raw.stated)?;
        Ok(Entry { number: raw.record, record, rating, versions, status: raw.status, reach: raw.reach })
    }

    fn rating(&self, stated: &[(u64, u64)]) -> Result<Rating, DatabaseError> {
        let stated = stated
            .iter()
            .map(|(method, score)| Ok(SeverityScore { method: self.text(*method)?, score: self.text(*score)? }));
        Ok(Rating::of_stated(stated.collect::<Result<_, DatabaseError>>()?))
    }

    fn text(&self, number: u64) -> Result<String, DatabaseError> {
        self.file.item(Section::Texts, number, |item: &mut Decoder<'_>| {
            std::str::from_utf8(item.0).map(str::to_owned).map_err(|_| crate::format::Malformed)
        })
    }

    /// Returns what is known of a vulnerability beside records.
    pub(crate) fn vulnerability(&self, number: &str) -> Result<Option<Vulnerability>, DatabaseError> {
        self.file.find(Section::Vulnerabilities, number.as_bytes(), Vulnerability::decode)
    }

    /// Returns the names of some feeds.
    pub(crate) fn feed_names<'a>(&'a self, feeds: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a str> {
        feeds.iter().filter_map(|feed| self.feeds().get(*feed)).map(|feed| feed.name.as_str())
    }
}
