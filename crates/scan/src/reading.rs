use crate::DatabaseError;
use crate::advisory::{Advisory, Affected};
use crate::ecosystem::Ecosystem;
use crate::vulnerability::Vulnerability;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// Most entries of all databases together.
const COUNT_LIMIT: u64 = 2_000_000;
/// Most bytes of all entries together.
const BYTES_LIMIT: u64 = 4 << 30;
/// Most memory that what is kept of all databases together may take, in bytes. All of Debian's takes some hundred megabytes.
const MEMORY_LIMIT: u64 = 2 << 30;
/// Memory of what one record says about one package, beside what hangs on it, roughly, in bytes.
const ENTRY_SIZE: usize = 192;

/// What tells a record from all others.
pub(crate) type RecordDigest = [u8; 32];

/// Records that are gathered from everywhere, before they become a database.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// When feeds were published that do not say so.
    pub(crate) published: Option<Timestamp>,
    count: u64,
    bytes: u64,
    memory: u64,
    paths: usize,
    /// Whether the path that is being read has brought anything.
    has_brought: bool,
    /// How many files were no feeds, by their names.
    pub(crate) passed_over: u64,
    pub(crate) records: HashMap<RecordDigest, Gathered>,
    pub(crate) vulnerabilities: BTreeMap<String, Vulnerability>,
    pub(crate) feeds: BTreeMap<FeedKey, Feed>,
    /// Packages that feeds name, by ecosystem and name, even if they say nothing against them.
    pub(crate) listed: BTreeSet<(String, String)>,
}

/// A record, and the feeds that it came with.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) advisory: Advisory,
    pub(crate) feeds: BTreeSet<FeedKey>,
}

/// A feed, as far as one path has it: what one path has left alone for long is old, whatever another says.
pub(crate) type FeedKey = (usize, String);

/// What came with a feed.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub(crate) published: Option<Timestamp>,
    pub(crate) records: BTreeSet<RecordDigest>,
    /// Ecosystems that it is about, even if it says nothing against any of their packages.
    pub(crate) about: BTreeSet<String>,
}

impl Reading {
    /// `published`: when feeds were published that do not say so.
    pub(crate) fn new(published: Option<Timestamp>) -> Self {
        Self { published, ..Self::default() }
    }

    /// Starts the next path that the user named.
    pub(crate) fn begin_path(&mut self) {
        self.paths += 1;
        self.has_brought = false;
    }

    /// Ends it: one that brings nothing is a feed that did not arrive.
    pub(crate) fn end_path(&self, path: &Path) -> Result<(), DatabaseError> {
        if self.has_brought { Ok(()) } else { Err(DatabaseError::Empty { paths: vec![path.to_owned()] }) }
    }

    /// Counts a file that is no feed, by its name.
    pub(crate) fn pass_over(&mut self, place: &str) -> Result<(), DatabaseError> {
        self.passed_over += 1;
        self.count(place, 0)
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

    /// Returns a feed of the path that is being read.
    pub(crate) fn feed(&mut self, name: &str, published: Option<Timestamp>) -> &mut Feed {
        let feed = self.feeds.entry((self.paths, name.to_owned())).or_default();
        feed.published = feed.published.max(published);
        feed
    }

    /// Takes a record of some feeds. What stands in several places counts once.
    pub(crate) fn advisory(
        &mut self,
        place: &str,
        feeds: &BTreeSet<String>,
        digest: RecordDigest,
        advisory: Advisory,
    ) -> Result<(), DatabaseError> {
        for name in feeds {
            self.feed(name, None).records.insert(digest);
        }
        self.has_brought = true;
        let path = self.paths;
        let feeds = feeds.iter().map(|name| (path, name.clone()));
        if let Some(known) = self.records.get_mut(&digest) {
            known.feeds.extend(feeds);
            return Ok(());
        }
        let feeds = feeds.collect();
        self.keep(place, size(&advisory))?;
        self.records.insert(digest, Gathered { advisory, feeds });
        Ok(())
    }

    /// Takes the name of a package that a feed knows.
    pub(crate) fn list(&mut self, place: &str, ecosystem: &Ecosystem, package: &str) -> Result<(), DatabaseError> {
        self.has_brought = true;
        let size = ENTRY_SIZE + package.len();
        if self.listed.insert((ecosystem.key(), package.to_owned())) { self.keep(place, size) } else { Ok(()) }
    }

    /// Takes what is known of a vulnerability beside what records say.
    pub(crate) fn vulnerability(
        &mut self,
        place: &str,
        feed: &str,
        number: &str,
        known: Vulnerability,
    ) -> Result<(), DatabaseError> {
        self.has_brought = true;
        let mut hash = Sha256::new_with_prefix(number);
        hash.update(known.encoded());
        self.keep(place, ENTRY_SIZE + number.len() + known.size())?;
        self.feed(feed, None).records.insert(hash.finalize().into());
        self.vulnerabilities.entry(number.to_owned()).or_default().join(known);
        Ok(())
    }

    /// Forgets what was only taken for vulnerabilities that occur elsewhere.
    pub(crate) fn settle(&mut self) {
        let records = self.records.values().map(|gathered| &gathered.advisory.names);
        let mut numbers: BTreeSet<&str> = records.flat_map(|names| &names.numbers).map(String::as_str).collect();
        let listed = self.vulnerabilities.iter().filter(|(_, known)| known.is_listed());
        numbers.extend(listed.map(|(number, _)| number.as_str()).collect::<Vec<_>>());
        let numbers: BTreeSet<String> = numbers.into_iter().map(str::to_owned).collect();
        self.vulnerabilities.retain(|number, _| numbers.contains(number));
    }
}

/// Returns the memory that a record takes, roughly, in bytes.
fn size(advisory: &Advisory) -> usize {
    let Advisory { id, names, rating, streams, affected, details, .. } = advisory;
    let affected = affected.iter().map(|affected| {
        let Affected { package, rating, versions, reach, .. } = affected;
        ENTRY_SIZE + package.len() + rating.size() + versions.size() + reach.size()
    });
    let streams = streams.iter().map(|stream| stream.len() + 24);
    id.len() + names.size() + rating.size() + details.size() + streams.sum::<usize>() + affected.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::import;
    use serde_json::{Value, json};

    #[test]
    fn what_is_there_twice_is_counted_twice() {
        let mut reading = Reading::new(None);
        let record = br#"{"id": "X", "modified": "2026-01-01T00:00:00Z"}"#;
        for _ in 0..3 {
            import("x.json", record, &mut reading).unwrap();
        }
        assert_eq!((reading.count, reading.bytes, reading.records.len()), (3, 3 * record.len() as u64, 1));
        let full = |reading: Reading, bytes: &[u8]| {
            let mut reading = reading;
            match import("x.json", bytes, &mut reading) {
                Err(DatabaseError::Total { what, .. }) => what,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(full(Reading { bytes: BYTES_LIMIT, ..Reading::new(None) }, record), "bytes");
        assert_eq!(full(Reading { count: COUNT_LIMIT, ..Reading::new(None) }, record), "entries");
        assert_eq!(full(Reading { memory: MEMORY_LIMIT, ..Reading::new(None) }, record), "bytes to be kept");
        let listed = br#"{"dateReleased": "2026-01-01T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "2026-01-01"}]}"#;
        assert_eq!(full(Reading { memory: MEMORY_LIMIT, ..Reading::new(None) }, listed), "bytes to be kept");
        assert!(matches!(reading.count("x", u64::MAX), Err(DatabaseError::Total { what: "bytes", .. })));
    }

    #[test]
    fn all_that_is_kept_takes_memory() {
        let kept = |fields: Value| {
            let mut affected = json!({"package": {"ecosystem": "Debian:12", "name": "a"}});
            affected.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let record = json!({"id": "X", "modified": "2026-01-01T00:00:00Z", "affected": [affected]});
            let mut reading = Reading::new(None);
            import("x.json", record.to_string().as_bytes(), &mut reading).unwrap();
            reading.memory
        };
        let least = kept(json!({}));
        let text = "1".repeat(999);
        let events = json!([{"introduced": "0"}, {"fixed": text}]);
        for (fields, expected) in [
            (json!({"versions": [text, text]}), 2000),
            (json!({"versions": vec!["1"; 100]}), 1700),
            (json!({"ranges": vec![json!({"type": "X", "events": []}); 100]}), 1600),
            (json!({"ranges": [{"type": "ECOSYSTEM", "events": events}]}), 1000),
            (json!({"ranges": [{"type": "ECOSYSTEM", "events": vec![&events[0]; 100]}]}), 2400),
            (json!({"severity": [{"type": "X", "score": text}]}), 1000),
            (json!({"database_specific": {"severity": text}}), 1000),
            (json!({"package": {"ecosystem": "Debian:12", "name": text}}), 998),
        ] {
            let memory = kept(fields) - least;
            assert!((expected..4 * expected + 200).contains(&memory), "{memory} {expected}");
        }
    }
}
