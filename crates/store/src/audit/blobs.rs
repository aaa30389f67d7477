use super::{Auditor, Problem, Remedy, outside};
use crate::StoreError;
use crate::walk::{Entry, Listing, digest};
use consign_oci::{Algorithm, Hasher};
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
                "sha256" if entry.metadata.is_dir() => self.folder(&entry, Algorithm::Sha256, threads)?,
                "sha512" if entry.metadata.is_dir() => self.folder(&entry, Algorithm::Sha512, threads)?,
                _ => self.leave(entry.path, Problem::Stray),
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
        let Some(expected) = digest(algorithm.name(), entry.name()) else {
            return self.leave(entry.path, Problem::Stray);
        };
        self.count(|audit| {
            audit.blobs += 1;
            audit.bytes += entry.metadata.len();
        });
        let file = match entry.open() {
            Ok(Some(file)) => file,
            // A reader found it corrupt meanwhile.
            Ok(None) => return,
            Err(problem) => return self.leave(entry.path, problem),
        };
        let mut hasher = Hasher::new(algorithm);
        if let Err(source) = io::copy(&mut &file, &mut hasher) {
            return self.leave(entry.path, Problem::Unreadable { source });
        }
        let found = hasher.finish();
        if found != expected {
            self.found(entry.path, Problem::Content { expected, found }, Remedy::Remove, &file);
        } else if let Err(problem) = outside(&file) {
            // Its name says what is in it, whoever could have written to it.
            self.found(entry.path, problem, Remedy::Secure, &file);
        }
    }
}
