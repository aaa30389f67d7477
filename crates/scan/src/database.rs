use crate::ecosystem::Ecosystem;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::reading::Reading;
use crate::{DatabaseError, folder};
use consign_oci::Digest;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Advisories, indexed by the packages that they are about.
#[derive(Debug)]
pub struct Database {
    pub(crate) digest: Digest,
    pub(crate) newest: Timestamp,
    pub(crate) records: usize,
    /// When each path was last changed, by what its records are about.
    pub(crate) changed: Vec<BTreeMap<Ecosystem, Timestamp>>,
    pub(crate) entries: HashMap<(Ecosystem, String), Vec<Entry>>,
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
    /// `now`: what says that it was changed later does not make the database newer.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, now: Timestamp) -> Result<Self, DatabaseError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
        let mut reading = Reading::new(now);
        for path in &paths {
            reading.begin_path();
            folder::read(path, &mut reading)?;
        }
        reading.finish().ok_or(DatabaseError::Empty { paths })
    }

    /// Returns the digest of all records together: the same wherever and however they lie.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns when the newest record was changed.
    pub fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Returns a digest that differs where the same image may give another receipt: of the records, and of how old the parts are.
    pub fn state(&self) -> Digest {
        Digest::of(format!("{} {} {:?}", self.digest, self.newest, self.changed).as_bytes())
    }

    /// Returns when what is said about packages from there was last changed. Of each path and origin the newest record counts, and of
    /// these the oldest: one part that is kept up does not speak for another. Where there is no such part, the newest of all records.
    pub(crate) fn changed<'a>(&self, origins: impl Iterator<Item = &'a Ecosystem>) -> Timestamp {
        let changes = origins.flat_map(|origin| {
            let known = origin.looked_up();
            let newest = move |path: &BTreeMap<_, _>| known.iter().filter_map(|known| path.get(known)).max().copied();
            self.changed.iter().filter_map(newest)
        });
        changes.min().unwrap_or(self.newest)
    }

    /// Returns how many records there are, those among them that were withdrawn.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Returns whether any record is about packages from there.
    pub(crate) fn covers(&self, ecosystem: &Ecosystem) -> bool {
        let known = ecosystem.looked_up();
        known.iter().any(|ecosystem| self.changed.iter().any(|path| path.contains_key(ecosystem)))
    }

    /// Returns what is said about a package.
    pub(crate) fn about(&self, ecosystem: &Ecosystem, package: &str) -> impl Iterator<Item = &Entry> {
        let keys = ecosystem.looked_up().into_iter().map(|ecosystem| (ecosystem, package.to_owned()));
        keys.flat_map(|key| self.entries.get(&key).into_iter().flatten())
    }
}
