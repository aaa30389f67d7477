use crate::database::{Advisory, Entry};
use crate::ecosystem::Ecosystem;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::record::Record;
use crate::{Database, DatabaseError};
use consign_oci::Digest;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Most entries of all databases together.
const COUNT_LIMIT: u64 = 2_000_000;
/// Most bytes of all entries together.
const BYTES_LIMIT: u64 = 4 << 30;

/// A database that is being read.
pub(crate) struct Reading {
    now: Timestamp,
    digests: HashSet<Digest>,
    count: u64,
    bytes: u64,
    newest: Timestamp,
    changed: Vec<BTreeMap<Ecosystem, Timestamp>>,
    entries: HashMap<(Ecosystem, String), Vec<Entry>>,
}

impl Reading {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            digests: HashSet::new(),
            count: 0,
            bytes: 0,
            newest: Timestamp::UNIX_EPOCH,
            changed: Vec::new(),
            entries: HashMap::new(),
        }
    }

    /// Starts the next path that the user named.
    pub(crate) fn begin_path(&mut self) {
        self.changed.push(BTreeMap::new());
    }

    /// Counts an entry of so many bytes, whatever becomes of it.
    pub(crate) fn count(&mut self, place: &str, bytes: u64) -> Result<(), DatabaseError> {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let counts = [("entries", self.count, COUNT_LIMIT), ("bytes", self.bytes, BYTES_LIMIT)];
        match counts.into_iter().find(|(_, count, limit)| count > limit) {
            Some((what, _, limit)) => Err(DatabaseError::Total { place: place.to_owned(), what, limit }),
            None => Ok(()),
        }
    }

    /// Takes a record; `place` says where it lies, for messages.
    pub(crate) fn record(&mut self, place: String, bytes: &[u8]) -> Result<(), DatabaseError> {
        self.count(&place, bytes.len() as u64)?;
        let record = Record::read(&place, bytes);
        let record = record.map_err(|source| DatabaseError::Record { place, source })?;
        // A time that is yet to come says nothing of when it was changed.
        let changed = if record.modified <= self.now { record.modified } else { Timestamp::UNIX_EPOCH };
        self.newest = self.newest.max(changed);
        let is_new = self.digests.insert(Digest::of(bytes));
        if !record.is_withdrawn() {
            self.index(record, changed, is_new);
        }
        Ok(())
    }

    /// A record that another path had too makes this one no older.
    fn index(&mut self, record: Record, changed: Timestamp, is_new: bool) {
        let advisory = Arc::new(Advisory { names: Names::of(&record), rating: Rating::of_all(&record) });
        for affected in record.affected {
            let Some(package) = &affected.package else { continue };
            let ecosystem = Ecosystem::of_record(&package.ecosystem);
            // What cannot be compared is not kept.
            if matches!(ecosystem, Ecosystem::Other(_)) {
                continue;
            }
            if let Some(path) = self.changed.last_mut() {
                let latest = path.entry(ecosystem.clone()).or_insert(changed);
                *latest = changed.max(*latest);
            }
            if is_new {
                let key = (ecosystem, package.name.clone());
                let rating = Rating::of_one(&affected);
                let entry = Entry { record: Arc::clone(&advisory), rating, versions: AffectedVersions::of(affected) };
                self.entries.entry(key).or_default().push(entry);
            }
        }
    }

    /// `None`: there are no records.
    pub(crate) fn finish(self) -> Option<Database> {
        let mut digests: Vec<String> = self.digests.iter().map(Digest::to_string).collect();
        digests.sort();
        (!digests.is_empty()).then(|| Database {
            digest: Digest::of(format!("consign advisories 1\n{}\n", digests.join("\n")).as_bytes()),
            newest: self.newest,
            records: digests.len(),
            changed: self.changed,
            entries: self.entries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice_is_counted_twice() {
        let mut reading = Reading::new(Timestamp::UNIX_EPOCH);
        let record = br#"{"id": "X", "modified": "2026-01-01T00:00:00Z"}"#;
        for _ in 0..3 {
            reading.record("x.json".to_owned(), record).unwrap();
        }
        assert_eq!((reading.count, reading.bytes, reading.digests.len()), (3, 3 * record.len() as u64, 1));
        let mut full = Reading { bytes: BYTES_LIMIT, ..Reading::new(Timestamp::UNIX_EPOCH) };
        assert!(matches!(full.record("x.json".to_owned(), record), Err(DatabaseError::Total { what: "bytes", .. })));
        let mut full = Reading { count: COUNT_LIMIT, ..Reading::new(Timestamp::UNIX_EPOCH) };
        assert!(matches!(full.count("x", 0), Err(DatabaseError::Total { what: "entries", .. })));
        assert!(matches!(reading.count("x", u64::MAX), Err(DatabaseError::Total { what: "bytes", .. })));
    }
}
