//! What repositories hold, as far as it is known without asking for each part.

use crate::known::Held;
use crate::refusal::is_missing_part;
use crate::{Client, Memory, RegistryError};
use consign_oci::{Descriptor, Digest, Document, Manifest, Repository, Tag, Target, media_type};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// So many parts must be remembered for it to be worth a request to find out whether the registry looks for them itself.
const WORTH_A_PROBE: usize = 3;

impl Client {
    /// Takes over what earlier runs left of the registry of a repository.
    pub fn recall(&self, repository: &Repository, memory: Memory) {
        self.known().recall(repository, memory);
    }

    /// Returns what is known of the registry of a repository, to be left to later runs.
    pub fn memory(&self, repository: &Repository) -> Memory {
        self.known().memory(repository).cloned().unwrap_or_default()
    }

    /// Returns those of some manifests that this client has brought to a repository, or found there. Not every registry that looks for the blobs
    /// of a manifest looks for the manifests of a list.
    pub fn brought(&self, repository: &Repository, digests: &BTreeSet<Digest>) -> BTreeSet<Digest> {
        let known = self.known();
        digests.iter().filter(|digest| known.saw(repository, digest)).cloned().collect()
    }

    /// Returns those of some blobs that need not be asked for: the repository has them, or the registry refuses a manifest whose parts it has not
    /// got. Where enough is remembered of earlier runs, it is tried out which of the two it is, once, if something may be written for that.
    pub async fn believed(
        &self,
        repository: &Repository,
        digests: &BTreeSet<Digest>,
        may_write: bool,
    ) -> BTreeSet<Digest> {
        let held = |wanted: Held| {
            let known = self.known();
            let held = digests.iter().filter(|digest| known.holding(repository, digest) == wanted);
            held.cloned().collect::<BTreeSet<_>>()
        };
        let is_open = || may_write && self.known().is_open(repository);
        if is_open() && held(Held::Remembered).len() >= WORTH_A_PROBE {
            let _turn = self.probes().await;
            if !is_open() {
                return held(Held::Believed);
            }
            match self.validates(repository).await {
                Ok(validates) => self.known().learn(repository, |features| features.validates = Some(validates)),
                // Who may not write learns nothing of what it does for those who may.
                Err(_) => self.known().note_silence(repository),
            }
        }
        held(Held::Believed)
    }

    /// Forgets what is known of what a repository holds.
    pub fn forget_holdings(&self, repository: &Repository) {
        self.known().forget(repository);
    }

    /// Returns what a tag was last seen to name, if that is not longer ago than `age`.
    pub fn seen_lately(&self, repository: &Repository, tag: &Tag, age: Duration) -> Option<Descriptor> {
        let known = self.known();
        let seen = known.sighting(repository, tag).filter(|seen| seen.last.age() <= age)?;
        Some(seen.descriptor.clone())
    }

    /// Returns for how long a tag has been seen to name an image: nothing if this is the first time.
    pub fn seen_for(&self, repository: &Repository, tag: &Tag, digest: &Digest) -> Duration {
        let known = self.known();
        let seen = known.sighting(repository, tag).filter(|seen| seen.descriptor.digest == *digest);
        // What lies ahead has not begun.
        seen.map(|seen| seen.first.age()).filter(|age| *age < Duration::MAX).unwrap_or_default()
    }

    /// Finds out whether the registry refuses a manifest whose parts it has not got, by one that names what nobody has.
    async fn validates(&self, repository: &Repository) -> Result<bool, RegistryError> {
        let nobodys = Digest::of(format!("{repository} {:?}", SystemTime::now()).as_bytes());
        let config = Descriptor::new(media_type::CONFIG, nobodys, 2);
        let bytes = serde_json::to_vec(&Manifest::new(config, Vec::new())).unwrap_or_default();
        let manifest = Document::read(media_type::MANIFEST, bytes)
            .map_err(|source| RegistryError::Document { url: repository.to_string(), source })?;
        let target = Target::Digest(manifest.digest().clone());
        match self.write_manifest(repository, &target, &manifest).await {
            Ok(_) => {
                // Not every registry lets it be deleted.
                let _ = self.delete_manifest(repository, &target).await;
                Ok(false)
            }
            Err(RegistryError::Answer { code: Some(code), .. }) => Ok(is_missing_part(&code)),
            Err(error) => Err(error),
        }
    }
}
