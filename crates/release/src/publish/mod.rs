//! Publishing, in two phases that hold for all images of a release together.
//!
//! First every registry gets everything by digest: blobs, manifests, signatures and attestations ([`Publication::send`]). Only when all
//! images are there do tags move ([`move_tags`]), most specific first over all images and registries, `latest` last, each read again just
//! before. If anything fails in the first phase, no tag of any image has moved anywhere; if it does in the second, every tag that has moved
//! names a complete and signed image, and running again completes.

mod artifacts;
mod send;
mod sender;
mod tags;

pub use artifacts::{ArtifactLayer, Artifacts};
pub use send::{Publication, Sent};
pub(crate) use tags::find;
pub use tags::{PublishedTag, move_tags};

/// Requests to one registry that are under way at the same time.
const IN_FLIGHT: usize = 6;
