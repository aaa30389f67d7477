//! Copies images between any two places.
//!
//! [`Copier`] brings an image, all that it is made of and all that is about it from a [`consign_image::Place`] to a [`consign_image::Sink`]:
//! parts before what they are parts of, names last. Blobs are never changed, and manifests only where another format is asked for; what is there, or
//! what the registry has elsewhere, is not sent. [`synchronize`] does so for whatever is to be like something else. [`Rebase`] puts an image onto a newer base.

mod about;
mod admission;
mod age;
mod backup;
mod copied;
mod copier;
mod error;
mod format;
mod once;
mod options;
mod origin;
mod platforms;
mod rebase;
mod remark;
mod seal;
mod sync;
mod trust;

pub use admission::{Admission, Refusal};
pub use age::MinimumAge;
pub use backup::Backup;
pub use copied::{Copied, Count, State};
pub use copier::Copier;
pub use error::TransferError;
pub use format::Format;
pub use options::Options;
pub use rebase::{
    Bases, Difference, OldBase, Original, Rebase, RebaseError, RebaseProblem, RebaseState, Rebased, RebasedPlatform,
};
pub use remark::Remark;
pub use seal::{Arrived, Seal, Sealed};
pub use sync::{Image, Mirror, Mirrored, Outcome, Prune, Pruned, Selection, synchronize};
