//! Walks an image's graph and checks it.
//!
//! [`verify`] starts at what a reference names and checks everything from there: the bytes of each manifest and config (and, when asked,
//! of each layer), the signatures of the index and of every platform, the release record that ties the index to its platforms,
//! repository and tag, the releases that came later, and the policy. What is there but wrong is told from what is missing, and that from what could not be fetched.

mod attestations;
mod candidates;
mod consumer;
mod embedded;
mod error;
mod failure;
mod fetch;
mod image;
mod judge;
mod layer;
mod legacy;
mod moved;
mod piece;
mod record;
mod signature;
mod verified;
mod verify;
mod walk;

pub use attestations::Foreign;
pub use consign_consumer::Consumer;
pub use consumer::{Missing, Objection, Objections};
pub use embedded::Embedded;
pub use error::{Outcome, VerifyError};
pub use failure::Failure;
pub use moved::find_later;
pub use piece::{Owner, Part, Piece};
pub use signature::{Form, Signature};
pub use verified::{Note, Verified, VerifiedPlatform};
pub use verify::{Expectation, root, verify, verify_root};
