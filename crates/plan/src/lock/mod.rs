//! `consign.lock`: what was chosen where the files leave it open. It names suites, paths and digests, and never a host.

mod change;
mod database;
mod error;
mod image;
mod text;
mod unique;

pub use change::{Change, changes};
pub use database::LockedDatabase;
pub use error::LockError;
pub use image::{LockedImage, LockedPackage};

use std::collections::BTreeMap;

/// Version of the format that is written, and the only one that is read.
const VERSION: u32 = 2;

/// What was chosen, by name of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The images of which something is open. `None`: nobody has locked images, and builds choose.
    pub images: Option<BTreeMap<String, LockedImage>>,
    /// The advisory database, if it comes from where the configuration says.
    pub advisories: Option<LockedDatabase>,
}
