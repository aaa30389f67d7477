//! Looks at everything in the store.

mod blobs;
mod finding;
mod graph;
mod records;

pub use finding::{Finding, Problem};

use crate::walk::{Entry, Listing};
use crate::{Store, StoreError};
use std::fs;
use std::num::NonZero;
use std::os::unix::fs::MetadataExt;
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
    /// Number of things that are wrong, also of those that are not listed.
    pub wrong: u64,
    /// How many of these are still there.
    pub left: u64,
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
    /// and has all blobs that it needs. With `repair`, what is wrong and was written by consign is removed, and so is made anew.
    ///
    /// Others may use the store meanwhile.
    pub fn audit(&self, repair: bool, threads: NonZero<usize>) -> Result<Audit, StoreError> {
        let auditor = Auditor { store: self, repair, state: Mutex::default() };
        for entry in Listing::of(&self.root)? {
            let entry = entry?;
            if !ROOT.contains(&entry.name()) {
                auditor.found(entry.path, Problem::Stray);
            }
        }
        auditor.blobs(threads)?;
        // After the blobs: a record is written after what it names, and what is removed is missing from now on.
        auditor.records()?;
        let mut audit = auditor.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        audit.unfinished = Listing::of(&self.partial())?.count() as u64;
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

    /// Notes what is wrong with a file, and removes it where it may be.
    fn found(&self, path: PathBuf, problem: Problem) {
        let removed = self.repair && problem.is_removable() && fs::remove_file(&path).is_ok();
        self.noted(path, problem, removed);
    }

    fn noted(&self, path: PathBuf, problem: Problem, removed: bool) {
        self.count(|audit| {
            audit.wrong += 1;
            audit.left += u64::from(!removed);
            if audit.findings.len() < FINDING_LIMIT {
                audit.findings.push(Finding { path, problem, removed });
            }
        });
    }
}

/// Returns what is wrong with a file, whatever is in it.
fn outside(entry: &Entry) -> Option<Problem> {
    if !entry.metadata.is_file() {
        return Some(Problem::Kind);
    }
    let (expected, found) = (rustix::process::geteuid().as_raw(), entry.metadata.uid());
    if expected != found {
        return Some(Problem::Owner { expected, found });
    }
    let mode = entry.metadata.mode() & 0o7777;
    (mode & crate::private::WRITABLE_BY_OTHERS != 0).then_some(Problem::Writable { mode })
}
