use crate::entry::{RawRecord, decode_details};
use crate::format::Section;
use crate::{Database, DatabaseError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What differs between two databases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Advisories that only the newer one has.
    pub added: Vec<ChangedAdvisory>,
    /// Advisories that only the older one has.
    pub removed: Vec<ChangedAdvisory>,
    /// Advisories that say something else.
    pub changed: Vec<ChangedAdvisory>,
}

/// An advisory that is not in both databases, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedAdvisory {
    /// Its own name.
    pub id: String,
    /// What it is about, in a line.
    pub summary: String,
}

/// Of each advisory the digests of its records, and what it is about.
type Known = BTreeMap<String, (BTreeSet<Vec<u8>>, String)>;

impl Database {
    /// Says what a newer database has that this one has not, and the other way round.
    pub fn difference(&self, newer: &Self) -> Result<Difference, DatabaseError> {
        let (old, new) = (self.known()?, newer.known()?);
        let mut difference = Difference::default();
        let changed = |id: &String, summary: &String| ChangedAdvisory { id: id.clone(), summary: summary.clone() };
        for (id, (digests, summary)) in &new {
            match old.get(id) {
                None => difference.added.push(changed(id, summary)),
                Some((before, _)) if before != digests => difference.changed.push(changed(id, summary)),
                Some(_) => {}
            }
        }
        let removed = old.iter().filter(|(id, _)| !new.contains_key(*id));
        difference.removed = removed.map(|(id, (_, summary))| changed(id, summary)).collect();
        Ok(difference)
    }

    fn known(&self) -> Result<Known, DatabaseError> {
        let mut ids = Vec::new();
        self.file.each(Section::Records, |item| {
            ids.push(RawRecord::decode(item)?.id);
            Ok(())
        })?;
        let (mut ids, mut known) = (ids.into_iter(), Known::new());
        self.file.each(Section::Details, |item| {
            let (digest, details) = decode_details(item)?;
            let entry = known.entry(ids.next().ok_or(crate::format::Malformed)?).or_default();
            entry.0.insert(digest);
            if entry.1.is_empty() {
                entry.1 = details.summary;
            }
            Ok(())
        })?;
        Ok(known)
    }
}
