//! Tags that many write at the same time: lists of referrers where a registry keeps none, and cosign's older signatures.

use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Digest, Document, Repository, Tag, Target};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a tag is written before giving up.
const TRIES: usize = 40;
/// How often somebody else may have written it first.
const TURNS: usize = 200;
/// How long to wait then, at most.
const TURN: Duration = Duration::from_millis(20);
/// How often it is read in vain for each time, because others write it.
const READS: usize = 10;
/// Least time after which a tag is read again that was written.
const SETTLED: Duration = Duration::from_millis(200);
/// Longest such time.
const LONGEST: Duration = Duration::from_secs(5);

/// What waits to be written, by tag.
pub(crate) type Waiting = Mutex<HashMap<(Repository, Tag), Arc<Queue>>>;

/// Entries that this process has for one tag: whoever writes it next writes all of them.
#[derive(Default)]
pub(crate) struct Queue {
    entries: Mutex<Vec<Descriptor>>,
    /// Held by the one who writes.
    writing: tokio::sync::Mutex<()>,
}

impl Queue {
    fn entries(&self) -> MutexGuard<'_, Vec<Descriptor>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change to what a tag names, which others change too.
///
/// Registries cannot be told to write only where nobody else has written. So others may undo what is written, who looked at the tag just before that
/// and write it just after. Therefore it is looked at once more just before it is written; then, after more time than that takes, read again, and as
/// long as others are seen to write it. What is missing then is to be written again.
pub struct TagUpdate<'a> {
    client: &'a Client,
    repository: &'a Repository,
    tag: &'a Tag,
    /// What it named when it was last read or written.
    seen: Option<Digest>,
    /// How long it took to look and write.
    took: Option<Duration>,
    written: usize,
    /// How often somebody else had written it first.
    turns: usize,
}

impl TagUpdate<'_> {
    /// Reads what the tag names; after it was written, once it stays the same.
    pub async fn read(&mut self) -> Result<Option<Document>, RegistryError> {
        let mut found = None;
        for _ in 0..READS {
            let Some(took) = self.took else { break };
            tokio::time::sleep(settled(took, self.written)).await;
            found = self.client.manifest(self.repository, &self.target()).await?;
            let now = found.as_ref().map(|found| found.digest().clone());
            if std::mem::replace(&mut self.seen, now) == self.seen {
                return Ok(found);
            }
        }
        if self.took.take().is_none() {
            found = self.client.manifest(self.repository, &self.target()).await?;
            self.seen = found.as_ref().map(|found| found.digest().clone());
        }
        Ok(found)
    }

    /// Writes what the tag is to name, unless somebody else has written it since it was read: then it is to be read again. Fails where others have
    /// kept replacing it.
    pub async fn write(&mut self, document: &Document) -> Result<(), RegistryError> {
        if self.written == TRIES || self.turns == TURNS {
            let problem = "others keep replacing what it names; try again when they have finished".to_owned();
            return Err(RegistryError::Protocol { url: format!("{}:{}", self.repository, self.tag), problem });
        }
        let begun = Instant::now();
        let now = self.client.manifest_descriptor(self.repository, &self.target()).await?;
        self.took = None;
        if now.map(|now| now.digest) != self.seen {
            self.turns += 1;
            tokio::time::sleep(TURN.mul_f64(chance(self.turns))).await;
            return Ok(());
        }
        self.client.write_manifest(self.repository, &self.target(), document).await?;
        self.written += 1;
        self.seen = Some(document.digest().clone());
        self.took = Some(begun.elapsed());
        Ok(())
    }

    /// Returns how often it was written.
    pub fn written(&self) -> usize {
        self.written
    }

    fn target(&self) -> Target {
        Target::Tag(self.tag.clone())
    }
}

impl Client {
    /// Begins to change what a tag names: read it, and write it, until nothing is left to change.
    pub fn update_tag<'a>(&'a self, repository: &'a Repository, tag: &'a Tag) -> TagUpdate<'a> {
        TagUpdate { client: self, repository, tag, seen: None, took: None, written: 0, turns: 0 }
    }

    /// Adds an entry to what a tag lists, with all others that this process has for it meanwhile. `extended` returns the list with them; nothing
    /// if it has them.
    pub(crate) async fn add_to_tag(
        &self,
        repository: &Repository,
        tag: &Tag,
        entry: Descriptor,
        extended: impl Fn(Option<Document>, &[Descriptor]) -> Result<Option<Document>, RegistryError>,
    ) -> Result<(), RegistryError> {
        let queue = self.queue(repository, tag);
        queue.entries().push(entry.clone());
        let _alone = queue.writing.lock().await;
        let mut taken = Taken { entries: std::mem::take(&mut *queue.entries()), queue: &queue };
        if taken.entries.contains(&entry) {
            let mut update = self.update_tag(repository, tag);
            while let Some(document) = extended(update.read().await?, &taken.entries)? {
                update.write(&document).await?;
            }
            taken.entries.clear();
        }
        // Otherwise, whoever wrote before wrote this too.
        Ok(())
    }

    fn queue(&self, repository: &Repository, tag: &Tag) -> Arc<Queue> {
        let mut waiting = self.waiting().lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry((repository.clone(), tag.clone())).or_default().clone()
    }
}

/// Entries that somebody is about to write. If that comes to nothing they wait again.
struct Taken<'a> {
    entries: Vec<Descriptor>,
    queue: &'a Queue,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.queue.entries().append(&mut self.entries);
    }
}

/// Returns how long to wait until whoever looked at the tag before it was written has written it. Not everybody waits equally long.
fn settled(took: Duration, attempt: usize) -> Duration {
    (took * 6).clamp(SETTLED, LONGEST).mul_f64(1.0 + chance(attempt))
}

/// Returns a number from 0 to 1, each time another.
fn chance(attempt: usize) -> f64 {
    RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64
}
