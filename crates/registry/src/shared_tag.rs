//! Tags that many write at the same time: lists of referrers where a registry keeps none, and cosign's older signatures.

use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Document, Repository, Tag, Target};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a tag is written before giving up.
const TRIES: usize = 40;
/// Least time after which a tag is read again that was written.
const SETTLED: Duration = Duration::from_millis(100);
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
/// Registries cannot be told to write only where nobody else has written. So others may undo what is written, who read the tag before that
/// and write it after. That takes them about as long as it took here, so the tag is to be read again, which waits for some time, until nothing
/// is missing.
pub struct TagUpdate<'a> {
    client: &'a Client,
    repository: &'a Repository,
    tag: &'a Tag,
    begun: Instant,
    written: usize,
}

impl TagUpdate<'_> {
    /// Reads what the tag names; after it was written, not at once.
    pub async fn read(&mut self) -> Result<Option<Document>, RegistryError> {
        if self.written > 0 {
            tokio::time::sleep(settled(self.begun.elapsed(), self.written)).await;
        }
        self.begun = Instant::now();
        self.client.manifest(self.repository, &Target::Tag(self.tag.clone())).await
    }

    /// Writes what the tag is to name. Fails where others have kept replacing it.
    pub async fn write(&mut self, document: &Document) -> Result<(), RegistryError> {
        if self.written == TRIES {
            let problem = "others keep replacing what it names; try again when they have finished".to_owned();
            return Err(RegistryError::Protocol { url: format!("{}:{}", self.repository, self.tag), problem });
        }
        self.written += 1;
        self.client.write_manifest(self.repository, &Target::Tag(self.tag.clone()), document).await.map(drop)
    }

    /// Returns how often it was written.
    pub fn written(&self) -> usize {
        self.written
    }
}

impl Client {
    /// Begins to change what a tag names: read it, and write it, until nothing is left to change.
    pub fn update_tag<'a>(&'a self, repository: &'a Repository, tag: &'a Tag) -> TagUpdate<'a> {
        TagUpdate { client: self, repository, tag, begun: Instant::now(), written: 0 }
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

/// Returns how long to wait until whoever read the tag before it was written has written it. Not everybody waits equally long.
fn settled(took: Duration, attempt: usize) -> Duration {
    let chance = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    (took * 4).clamp(SETTLED, LONGEST).mul_f64(1.0 + chance)
}
