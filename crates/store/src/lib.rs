//! The content store: blobs by content, and references, receipts and step results as one small file each.
//!
//! ```text
//! ROOT/blobs/sha256/HEX        bytes, named by their digest
//! ROOT/references/NAME.json    a name's descriptor (`/` and `:` in names become folders and `,`)
//! ROOT/receipts/sha256/HEX/HEX.json  descriptors of the artifacts that are about a subject
//! ROOT/steps/HEX.json          the result of a step, by the digest of what went in
//! ROOT/partial/                files that are being written; nothing reads them
//! ```
//!
//! Every file is written beside its place, flushed to the disk and renamed into it, so that whoever reads sees all of it or
//! nothing, and any number of processes may share a store.
//! The root is open to its owner only: what an earlier run of the same user left there counts as made by this one.

mod atomic;
mod blobs;
mod error;
mod records;

pub use atomic::write_file;
pub use blobs::BlobWriter;
pub use error::StoreError;

use std::path::{Path, PathBuf};

/// A content store in a folder.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the store in `root`, making its folders where they are missing.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        for folder in ["blobs/sha256", "blobs/sha512", "references", "receipts", "steps", "partial"] {
            atomic::make_private_folder(&root.join(folder))?;
        }
        Ok(Self { root })
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
