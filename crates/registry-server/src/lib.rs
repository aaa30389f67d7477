//! The embedded OCI distribution server (distribution-spec v1.1).
//!
//! ```text
//! ROOT/blobs/sha256/HEX                                    bytes of blobs and manifests, shared by all repositories
//! ROOT/repositories/NAME/_blobs/sha256/HEX                 empty: the repository has this blob
//! ROOT/repositories/NAME/_manifests/sha256/HEX             the manifest's media type
//! ROOT/repositories/NAME/_tags/TAG                         the digest that the tag names
//! ROOT/repositories/NAME/_referrers/sha256/HEX/sha256-HEX  descriptor of a manifest about the first digest
//! ROOT/uploads/                                            files that are being written
//! ROOT/lock                                                locked by the process that writes; where anyone else may, through it
//! ```
//!
//! Every file is written elsewhere, flushed and renamed into its place; there is no index that writers share, and a request
//! changes what readers see by a single rename or removal. What lies on disk is served as it lies: whoever reads checks digests.
//! One process at a time writes to a folder; any number may serve it read-only, which leaves no trace in it.
//! Anyone may read; writing can ask for a token. Names that begin with `_` are ours, since no part of a repository's name does.

mod access;
mod body;
mod failure;
mod handlers;
mod lock;
mod name;
mod options;
mod outline;
mod query;
mod range;
mod registry;
mod route;
mod server;
mod storage;
mod uploads;

pub use access::AccessRecord;
pub use options::{AccessLog, Options, WriteToken};
pub use registry::Registry;
pub use server::{Running, Server, ServerError};
