//! Images in the engines of this machine: docker's, and the storage that podman, buildah and skopeo share.
//!
//! An engine hands an image over as an archive, and takes one. Docker is asked through its socket, or by its program where it is elsewhere; the storage has
//! no socket, and is reached by whichever of its programs is there.

mod call;
mod engines;
mod error;
mod facts;
mod kind;
mod program;
mod socket;

pub use engines::{Access, Engines};
pub use error::EngineError;
pub use facts::Facts;
pub use kind::Engine;
