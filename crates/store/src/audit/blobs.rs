use super::{Auditor, Problem, outside};
use crate::StoreError;
use crate::stored_blob::remove;
use crate::walk::{Entry, Listing};
use consign_oci::{Algorithm, Digest, Hasher};
use std::fs::File;
use std::io;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

impl Auditor<'_> {
    /// Hashes every blob, several at the same time.
    pub(super) fn blobs(&self, threads: NonZero<usize>) -> Result<(), StoreError> {
        let blobs = self.store.root.join("blobs");
        for entry in Listing::of(&blobs)? {
            let entry = entry?;
            match entry.name() {
                "sha256" => self.folder(&entry, Algorithm::Sha256, threads)?,
                "sha512" => self.folder(&entry, Algorithm::Sha512, threads)?,
                _ => self.found(entry.path, Problem::Stray),
            }
        }
        Ok(())
    }

    fn folder(&self, folder: &Entry, algorithm: Algorithm, threads: NonZero<usize>) -> Result<(), StoreError> {
        let listing = Mutex::new(Listing::of(&folder.path)?);
        let next = || listing.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some(entry) = next() {
                self.blob(entry?, algorithm);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
            let mine = work();
            // A thread that panics takes this one with it.
            let theirs =
                others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            theirs.fold(mine, Result::and)
        })
    }

    fn blob(&self, entry: Entry, algorithm: Algorithm) {
        let Ok(expected) = format!("{}:{}", algorithm.name(), entry.name()).parse::<Digest>() else {
            return self.found(entry.path, Problem::Stray);
        };
        self.count(|audit| {
            audit.blobs += 1;
            audit.bytes += entry.metadata.len();
        });
        if let Some(problem) = outside(&entry) {
            return self.found(entry.path, problem);
        }
        let file = match File::open(&entry.path) {
            Ok(file) => file,
            // A reader found it corrupt meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(source) => return self.found(entry.path, Problem::Unreadable { source }),
        };
        let mut hasher = Hasher::new(algorithm);
        if let Err(source) = io::copy(&mut &file, &mut hasher) {
            return self.found(entry.path, Problem::Unreadable { source });
        }
        let found = hasher.finish();
        if found != expected {
            let removed = self.repair && remove(&entry.path, &file).is_ok();
            self.noted(entry.path, Problem::Content { expected, found }, removed);
        }
    }
}
