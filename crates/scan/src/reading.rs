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
/// Most memory that what is kept of all databases together may take, in bytes. All of Debian's takes some hundred megabytes.
const MEMORY_LIMIT: u64 = 2 << 30;
/// Memory of what one record says about one package, beside what hangs on it, roughly, in bytes.
const ENTRY_SIZE: usize = 192;

/// A database that is being read.
pub(crate) struct Reading {
    now: Timestamp,
    digests: HashSet<Digest>,
    count: u64,
    bytes: u64,
    memory: u64,
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
            memory: 0,
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
        self.check(place)
    }

    /// Counts what is kept.
    fn keep(&mut self, place: &str, size: usize) -> Result<(), DatabaseError> {
        self.memory = self.memory.saturating_add(size as u64);
        self.check(place)
    }

    fn check(&self, place: &str) -> Result<(), DatabaseError> {
        let counts = [
            ("entries", self.count, COUNT_LIMIT),
            ("bytes", self.bytes, BYTES_LIMIT),
            ("bytes to be kept", self.memory, MEMORY_LIMIT),
        ];
        match counts.into_iter().find(|(_, count, limit)| count > limit) {
            Some((what, _, limit)) => Err(DatabaseError::Total { place: place.to_owned(), what, limit }),
            None => Ok(()),
        }
    }

    /// Takes a record; `place` says where it lies, for messages.
    pub(crate) fn record(&mut self, place: String, bytes: &[u8]) -> Result<(), DatabaseError> {
        self.count(&place, bytes.len() as u64)?;
        let record = Record::read(&place, bytes);
        let record = record.map_err(|source| DatabaseError::Record { place: place.clone(), source })?;
        // A time that is yet to come says nothing of when it was changed.
        let changed = if record.modified <= self.now { record.modified } else { Timestamp::UNIX_EPOCH };
        self.newest = self.newest.max(changed);
        let is_new = self.digests.insert(Digest::of(bytes));
        if !record.is_withdrawn(self.now) {
            self.index(&place, record, changed, is_new)?;
        }
        Ok(())
    }

    /// A record that another path had too makes this one no older.
    fn index(&mut self, place: &str, record: Record, changed: Timestamp, is_new: bool) -> Result<(), DatabaseError> {
        let advisory = Arc::new(Advisory { names: Names::of(&record), rating: Rating::of_all(&record) });
        let mut shared = advisory.names.size() + advisory.rating.size();
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
                let versions = AffectedVersions::of(affected);
                let own = ENTRY_SIZE + key.1.len() + rating.size() + versions.size();
                self.keep(place, own + std::mem::take(&mut shared))?;
                let entry = Entry { record: Arc::clone(&advisory), rating, versions };
                self.entries.entry(key).or_default().push(entry);
            }
        }
        Ok(())
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
        let mut full = Reading { memory: MEMORY_LIMIT, ..Reading::new(Timestamp::UNIX_EPOCH) };
        full.record("x.json".to_owned(), record).unwrap();
        let kept = br#"{"id": "X", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "Debian", "name": "a"}}]}"#;
        assert!(matches!(
            full.record("y.json".to_owned(), kept),
            Err(DatabaseError::Total { what: "bytes to be kept", .. })
        ));
        assert!(matches!(reading.count("x", u64::MAX), Err(DatabaseError::Total { what: "bytes", .. })));
    }

    #[test]
    fn all_that_is_kept_takes_memory() {
        let kept = |fields: serde_json::Value| {
            let mut affected = serde_json::json!({"package": {"ecosystem": "Debian:12", "name": "a"}});
            affected.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let record = serde_json::json!({"id": "X", "modified": "2026-01-01T00:00:00Z", "affected": [affected]});
            let mut reading = Reading::new(Timestamp::UNIX_EPOCH);
            reading.record("x.json".to_owned(), record.to_string().as_bytes()).unwrap();
            reading.memory
        };
        let least = kept(serde_json::json!({}));
        let text = "1".repeat(1000);
        let events = serde_json::json!([{"introduced": "0"}, {"fixed": text}]);
        for (fields, expected) in [
            (serde_json::json!({"versions": [text, text]}), 2000),
            (serde_json::json!({"versions": vec!["1"; 1000]}), 2000),
            (serde_json::json!({"ranges": vec![serde_json::json!({"type": "X", "events": []}); 100]}), 1600),
            (serde_json::json!({"ranges": [{"type": "ECOSYSTEM", "events": events}]}), 1000),
            (serde_json::json!({"ranges": [{"type": "ECOSYSTEM", "events": vec![&events[0]; 100]}]}), 2400),
            (serde_json::json!({"severity": [{"type": "X", "score": text}]}), 1000),
            (serde_json::json!({"database_specific": {"severity": text}}), 1000),
            (serde_json::json!({"package": {"ecosystem": "Debian:12", "name": text}}), 999),
        ] {
            let memory = kept(fields) - least;
            assert!((expected..3 * expected + 200).contains(&memory), "{memory} {expected}");
        }
    }
}
