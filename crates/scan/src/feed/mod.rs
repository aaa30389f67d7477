//! Feeds of advisories, one file each, recognized by what is in them.

mod cvelist;
mod debian;
mod epss;
mod kev;
mod nvd;
mod osv;
mod recognition;
mod scores;
mod secdb;

use crate::DatabaseError;
use crate::ecosystem::Ecosystem;
use crate::entry::digest;
use crate::reading::{Reading, RecordDigest};
use recognition::{Kind, is_page, is_yaml, recognized};
use sha2::{Digest as _, Sha256};
use std::error::Error;

pub(crate) use recognition::is_bulk;

/// Why a feed cannot be read.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
/// What names of feeds of OSV records begin with; what they are about follows.
const OSV: &str = "OSV: ";

/// Takes a file of a feed. `place` says where it lies, for messages.
pub(crate) fn import(place: &str, bytes: &[u8], reading: &mut Reading) -> Result<(), DatabaseError> {
    reading.count(place, bytes.len() as u64)?;
    if is_page(bytes) {
        return Err(DatabaseError::Page { place: place.to_owned() });
    }
    let kind = recognized(place, bytes)
        .map_err(|source| DatabaseError::Unreadable { place: place.to_owned(), source: source.into() })?
        .ok_or_else(|| DatabaseError::Unrecognized { place: place.to_owned() })?;
    let failed = |source| match kind {
        Kind::Osv => DatabaseError::Record { place: place.to_owned(), source },
        kind => DatabaseError::Feed { place: place.to_owned(), feed: kind.name(), source },
    };
    match kind {
        Kind::Osv => {
            let read = osv::read(place, bytes).map_err(failed)?;
            for (ecosystem, package) in &read.listed {
                reading.list(place, ecosystem, package)?;
            }
            let digest = digest(&read.advisory).map_err(|source| failed(source.into()))?;
            reading.advisory(place, &read.feeds, digest, read.advisory)
        }
        Kind::SecurityDatabase => secdb::read(bytes, is_yaml(place)).map_err(failed)?.import(place, reading),
        Kind::DebianTracker => debian::read(bytes).map_err(failed)?.import(place, reading),
        Kind::KnownExploited => kev::read(bytes).map_err(failed)?.import(place, reading),
        Kind::Epss => epss::read(bytes).map_err(failed)?.import(place, reading),
        Kind::Nvd => nvd::read(bytes).map_err(failed)?.import(place, reading),
        Kind::CveRecord => cvelist::read(bytes).map_err(failed)?.import(place, reading),
        // It tells which records have changed, and says nothing of them.
        Kind::CveChanges => Ok(()),
    }
}

/// Returns whether what a feed says about an ecosystem is part of it.
pub(crate) fn is_of(feed: &str, ecosystem: &Ecosystem) -> bool {
    feed.strip_prefix(OSV).is_none_or(|group| ecosystem.group() == group)
}

/// Returns the repository of a distribution's that a feed is about, by the last word of its name.
pub(crate) fn repository(feed: &str) -> Option<&str> {
    feed.rsplit_once(' ').filter(|_| !is_of_records(feed)).map(|(_, repository)| repository)
}

/// Returns whether a feed is a collection of records, of which any part may be missing.
pub(crate) fn is_of_records(feed: &str) -> bool {
    feed.starts_with(OSV)
}

/// Returns a digest of some texts, none of which can pass for two.
fn digest_of(texts: &[&str]) -> RecordDigest {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}
