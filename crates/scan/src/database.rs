use crate::DatabaseError;
use crate::ecosystem::Ecosystem;
use crate::folder;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::record::Record;
use consign_oci::Digest;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most records of all databases together.
const COUNT_LIMIT: u64 = 2_000_000;
/// Most bytes of all records together.
const BYTES_LIMIT: u64 = 4 << 30;

/// Advisories, indexed by the packages that they are about.
#[derive(Debug)]
pub struct Database {
    digest: Digest,
    changed: Timestamp,
    records: usize,
    ecosystems: BTreeSet<Ecosystem>,
    entries: HashMap<(Ecosystem, String), Vec<Entry>>,
}

/// What one record says about one package.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) record: Arc<Advisory>,
    /// What is stated for this package alone.
    pub(crate) rating: Rating,
    pub(crate) versions: AffectedVersions,
}

/// What one record says, whatever the package.
#[derive(Debug)]
pub(crate) struct Advisory {
    pub(crate) names: Names,
    pub(crate) rating: Rating,
}

impl Database {
    /// Reads all records of these folders and archives (OSV schema 1.7): every `.json`, `.yaml` and `.yml` file in them that is not hidden.
    /// A record that stands in several of them counts once. One that is malformed fails it: nobody could say what it would have matched.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, DatabaseError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
        let mut reading = Reading::default();
        for path in &paths {
            folder::read(path, &mut |place, bytes| reading.add(&place, &bytes))?;
        }
        reading.finish().ok_or(DatabaseError::Empty { paths })
    }

    /// Returns the digest of all records together: the same wherever and however they lie.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns when the newest record was changed.
    pub fn changed(&self) -> Timestamp {
        self.changed
    }

    /// Returns how many records there are, those among them that were withdrawn.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Returns whether any record is about packages from there.
    pub(crate) fn covers(&self, ecosystem: &Ecosystem) -> bool {
        ecosystem.looked_up().iter().any(|ecosystem| self.ecosystems.contains(ecosystem))
    }

    /// Returns what is said about a package.
    pub(crate) fn about(&self, ecosystem: &Ecosystem, package: &str) -> impl Iterator<Item = &Entry> {
        let keys = ecosystem.looked_up().into_iter().map(|ecosystem| (ecosystem, package.to_owned()));
        keys.flat_map(|key| self.entries.get(&key).into_iter().flatten())
    }
}

/// A database that is being read.
#[derive(Default)]
struct Reading {
    digests: HashSet<Digest>,
    bytes: u64,
    changed: Option<Timestamp>,
    ecosystems: BTreeSet<Ecosystem>,
    entries: HashMap<(Ecosystem, String), Vec<Entry>>,
}

impl Reading {
    fn add(&mut self, place: &str, bytes: &[u8]) -> Result<(), DatabaseError> {
        if !self.digests.insert(Digest::of(bytes)) {
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        let counts =
            [("records", self.digests.len() as u64, COUNT_LIMIT), ("bytes of records", self.bytes, BYTES_LIMIT)];
        if let Some((what, _, limit)) = counts.into_iter().find(|(_, count, limit)| count > limit) {
            return Err(DatabaseError::Total { place: place.to_owned(), what, limit });
        }
        let record =
            Record::read(place, bytes).map_err(|source| DatabaseError::Record { place: place.to_owned(), source })?;
        self.changed = self.changed.max(Some(record.modified));
        if !record.is_withdrawn() {
            self.index(record);
        }
        Ok(())
    }

    fn index(&mut self, record: Record) {
        let advisory = Arc::new(Advisory { names: Names::of(&record), rating: Rating::of_all(&record) });
        for affected in record.affected {
            let Some(package) = &affected.package else { continue };
            let ecosystem = Ecosystem::of_record(&package.ecosystem);
            // What cannot be compared is not kept.
            if matches!(ecosystem, Ecosystem::Other(_)) {
                continue;
            }
            self.ecosystems.insert(ecosystem.clone());
            let key = (ecosystem, package.name.clone());
            let rating = Rating::of_one(&affected);
            let entry = Entry { record: Arc::clone(&advisory), rating, versions: AffectedVersions::of(affected) };
            self.entries.entry(key).or_default().push(entry);
        }
    }

    /// `None`: there are no records.
    fn finish(self) -> Option<Database> {
        let mut digests: Vec<String> = self.digests.iter().map(Digest::to_string).collect();
        digests.sort();
        Some(Database {
            digest: Digest::of(format!("consign advisories 1\n{}\n", digests.join("\n")).as_bytes()),
            changed: self.changed?,
            records: digests.len(),
            ecosystems: self.ecosystems,
            entries: self.entries,
        })
    }
}
