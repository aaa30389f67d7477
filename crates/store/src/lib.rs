//! The content store: blobs by content, and references, receipts and step results as one small file each.
//!
//! ```text
//! ROOT/blobs/sha256/HEX        bytes, named by their digest
//! ROOT/references/NAME.json    a name's descriptor (`/` and `:` in names become folders and `,`)
//! ROOT/receipts/sha256/HEX/HEX.json  descriptors of the artifacts that are about a subject
//! ROOT/steps/HEX.json          the result of a step, by the digest of what went in
//! ROOT/derived/KIND-HEX       what can be made again, with a sum at its end, by the digest of what it follows from
//! ROOT/partial/                files that are being written, and scratch folders, locked while they are in use
//! ```
//!
//! Every file is written beside its place, flushed to the disk (but for those in `derived`) and renamed into it, so that whoever reads sees all of it or
//! nothing, and any number of processes may share a store. Whoever uses it holds a lock on its folder beside the others; only pruning, which removes
//! what nothing needs, holds it alone: so what a run in progress needs, and has not said yet, is not removed.
//! A blob that is found to be corrupt is removed, and so is made anew by the next run.
//!
//! What an earlier run of the same user left in the store counts as made by this one. So a store that belongs to another user, or that others
//! may write to, is refused.

mod atomic;
mod audit;
mod blobs;
mod derived;
mod error;
mod live;
mod lock;
mod look;
mod private;
mod prune;
mod receipts;
mod records;
mod references;
mod remove;
mod scratch;
mod steps;
mod stored_blob;
mod usage;
mod walk;

pub use atomic::write_file;
pub use audit::{Audit, Finding, Problem, Remedy};
pub use blobs::BlobWriter;
pub use error::StoreError;
pub use prune::ExclusiveStore;
pub use scratch::Scratch;
pub use stored_blob::StoredBlob;
pub use usage::{Amount, Amounts, Kind, Usage};

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folders of a store, those that hold others first.
const FOLDERS: [&str; 8] =
    ["blobs", "blobs/sha256", "blobs/sha512", "references", "receipts", "steps", "derived", "partial"];

/// A content store in a folder.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    /// Held beside others, as long as a clone is left.
    _lock: Option<Arc<File>>,
}

impl Store {
    /// Opens the store in `root`, making its folders where they are missing, and removes what interrupted runs left behind. Waits for somebody
    /// who prunes it.
    ///
    /// A root that belongs to another user, or that others may write to, is refused.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_or_wait(root, || ())
    }

    /// Opens the store as [`Store::open`] does, and calls `waits` before waiting for somebody who prunes it.
    pub fn open_or_wait(root: impl Into<PathBuf>, waits: impl FnOnce()) -> Result<Self, StoreError> {
        let root = root.into();
        make(&root)?;
        let lock = lock::shared(&root, waits)?.map(Arc::new);
        let store = Self { root, _lock: lock };
        store.sweep();
        Ok(store)
    }

    /// Fails where [`Self::open`] would refuse a folder for whom it belongs to, or who may write to it. Makes nothing.
    pub fn check_owner(root: &Path) -> Result<(), StoreError> {
        private::check(root)
    }

    /// Makes a folder that only this user may enter, for what nobody else must reach, such as the set-user-id programs of an image. One that belongs
    /// to another user, or that others may write to, is refused.
    pub fn closed_folder(folder: &Path) -> Result<(), StoreError> {
        private::make_closed_folder(folder)
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of what is not finished.
    fn partial(&self) -> PathBuf {
        self.root.join("partial")
    }
}

/// Makes the folders of a store that are not there, and refuses those that are not private.
fn make(root: &Path) -> Result<(), StoreError> {
    private::make_folder(root)?;
    private::check(root)?;
    for folder in FOLDERS {
        let folder = root.join(folder);
        private::make_folder(&folder)?;
        private::check(&folder)?;
    }
    Ok(())
}
