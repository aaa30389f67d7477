//! Looks at everything in the store.

mod blobs;
mod finding;
mod graph;
mod records;

pub use finding::{Finding, Problem, Remedy};

use crate::private::WRITABLE_BY_OTHERS;
use crate::walk::Listing;
use crate::{Store, StoreError, scratch, stored_blob};
use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io;
use std::num::NonZero;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Most findings that are kept; more are only counted.
const FINDING_LIMIT: usize = 10_000;
/// What lies in the root, beside what partly written files are called.
const ROOT: [&str; 6] = ["blobs", "references", "receipts", "steps", "derived", "partial"];

/// How the store was found to be.
#[derive(Debug, Default)]
pub struct Audit {
    /// What is wrong, at most the first 10,000, in the order of the paths.
    pub findings: Vec<Finding>,
    /// Numbers of things that are still wrong, also of those that are not listed, by what a repair does about them.
    pub left: BTreeMap<Remedy, u64>,
    /// Numbers of things that were repaired, also of those that are not listed, by what was done about them.
    pub repaired: BTreeMap<Remedy, u64>,
    /// Number of blobs.
    pub blobs: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Number of references, receipts and steps.
    pub records: u64,
    /// Files and folders that interrupted runs did not finish, or that others are writing.
    pub unfinished: u64,
}

impl Store {
    /// Looks at everything in the store: whether blobs are what their names promise, and whether every reference, receipt and step can be read
    /// and has all blobs that it needs. With `repair`, what is wrong and was written by consign is removed, and so is made anew; but no name of an
    /// image is, and no blob that is what its name promises.
    ///
    /// Others may use the store meanwhile.
    pub fn audit(&self, repair: bool, threads: NonZero<usize>) -> Result<Audit, StoreError> {
        let auditor = Auditor { store: self, repair, state: Mutex::default() };
        for entry in Listing::of(&self.root)? {
            let entry = entry?;
            if !ROOT.contains(&entry.name()) {
                auditor.leave(entry.path, Problem::Stray);
            }
        }
        auditor.blobs(threads)?;
        // After the blobs: a record is written after what it names, and what is removed is missing from now on.
        auditor.records()?;
        auditor.unfinished()?;
        let mut audit = auditor.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        audit.findings.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(audit)
    }
}

/// An audit that is going on, from several threads.
struct Auditor<'a> {
    store: &'a Store,
    repair: bool,
    state: Mutex<Audit>,
}

impl Auditor<'_> {
    fn count(&self, count: impl FnOnce(&mut Audit)) {
        count(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn unfinished(&self) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.partial())? {
            let entry = entry?;
            match scratch::is_name(entry.name()) {
                true => self.count(|audit| audit.unfinished += 1),
                false => self.leave(entry.path, Problem::Stray),
            }
        }
        Ok(())
    }

    /// Notes what is wrong with a file that was read, and repairs that where it may.
    fn found(&self, path: PathBuf, problem: Problem, remedy: Remedy, read: &File) {
        let remedy = match problem {
            // The next time it may be read, and be as it should be.
            Problem::Unreadable { .. } | Problem::Unread { .. } => Remedy::Leave,
            _ => remedy,
        };
        let repaired = self.repair
            && match remedy {
                Remedy::Remove => stored_blob::remove(&path, read).is_ok(),
                Remedy::Secure => secure(read).is_ok(),
                Remedy::Name | Remedy::Leave => false,
            };
        self.note(Finding { path, problem, remedy, repaired });
    }

    /// Notes what is wrong with something that is left as it is.
    fn leave(&self, path: PathBuf, problem: Problem) {
        self.note(Finding { path, problem, remedy: Remedy::Leave, repaired: false });
    }

    fn note(&self, finding: Finding) {
        self.count(|audit| {
            let counts = if finding.repaired { &mut audit.repaired } else { &mut audit.left };
            *counts.entry(finding.remedy).or_default() += 1;
            if audit.findings.len() < FINDING_LIMIT {
                audit.findings.push(finding);
            }
        });
    }
}

/// Returns what is wrong with a file, whatever is in it.
fn outside(file: &File) -> Result<(), Problem> {
    let metadata = file.metadata().map_err(|source| Problem::Unreadable { source })?;
    let (expected, found) = (rustix::process::geteuid().as_raw(), metadata.uid());
    if expected != found {
        return Err(Problem::Owner { expected, found });
    }
    match metadata.mode() & 0o7777 {
        mode if mode & WRITABLE_BY_OTHERS != 0 => Err(Problem::Writable { mode }),
        _ => Ok(()),
    }
}

/// Makes a file this user's, to which nobody else may write.
fn secure(file: &File) -> io::Result<()> {
    fchown(file, Some(rustix::process::geteuid().as_raw()), None)?;
    let mode = file.metadata()?.mode() & 0o777 & !WRITABLE_BY_OTHERS;
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::Digest;
    use std::fs;

    #[test]
    fn what_was_put_there_since_it_was_read_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let key = Digest::of(b"key");
        store.put_step("build", &key, &[], &"old").unwrap();
        let path = store.root().join("steps").join(format!("{}.json", key.hex()));
        let read = File::open(&path).unwrap();
        store.put_step("build", &key, &[], &"new").unwrap();
        let auditor = Auditor { store: &store, repair: true, state: Mutex::default() };
        let problem = || Problem::Missing { blob: key.clone() };
        auditor.found(path.clone(), problem(), Remedy::Remove, &read);
        assert_eq!(store.step::<String>(&key).unwrap().as_deref(), Some("new"));
        // Nor does what may be read the next time, and be as it should be.
        let unreadable = Problem::Unreadable { source: io::ErrorKind::Other.into() };
        auditor.found(path.clone(), unreadable, Remedy::Remove, &File::open(&path).unwrap());
        assert!(fs::exists(&path).unwrap());
        auditor.found(path.clone(), problem(), Remedy::Remove, &File::open(&path).unwrap());
        assert!(!fs::exists(path).unwrap());
    }
}
