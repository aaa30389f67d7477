use crate::walk::digest;
use crate::{Store, StoreError};
use consign_oci::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The record of a step.
#[derive(Serialize, Deserialize)]
pub(crate) struct Step<T> {
    /// What kind of step it was, in one word.
    pub(crate) kind: String,
    /// The blobs without which the result is worth nothing.
    pub(crate) blobs: Vec<Digest>,
    pub(crate) result: T,
}

/// Returns whether the record of a step may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    name.strip_suffix(".json").is_some_and(|hex| digest("sha256", hex).is_some())
}

impl Store {
    /// Keeps the result of the step whose inputs have the digest `key`. `kind` says in one word what the step did; `blobs` are those that the
    /// result names, which are kept as long as it is. A result that is too large to keep is none that can be used again, and no failure.
    pub fn put_step(
        &self,
        kind: &str,
        key: &Digest,
        blobs: &[Digest],
        result: &impl Serialize,
    ) -> Result<(), StoreError> {
        let step = Step { kind: kind.to_owned(), blobs: blobs.to_vec(), result };
        match self.put_record(&self.step_path(key), &step) {
            Err(StoreError::RecordTooLarge { .. }) => Ok(()),
            kept => kept,
        }
    }

    /// Returns the result of the step whose inputs have this digest, if the blobs that it names are there. A record in another form, as another
    /// version of consign wrote it, is no result.
    pub fn step<T: DeserializeOwned>(&self, key: &Digest) -> Result<Option<T>, StoreError> {
        let path = self.step_path(key);
        let record = match self.record::<Step<T>>(&path) {
            Err(StoreError::Record { .. }) => return Ok(None),
            record => record?,
        };
        let complete = |step: &Step<T>| step.blobs.iter().all(|blob| self.contains(blob));
        Ok(record.filter(|record| complete(&record.value)).map(|record| record.used(&path).result))
    }

    fn step_path(&self, key: &Digest) -> PathBuf {
        self.root.join("steps").join(format!("{}.json", key.hex()))
    }
}
