//! Keys of Amazon Web Services: where they are found, and requests that are signed with them.
//!
//! No crate does this here: those that there are leave it to whoever calls them which hosts a container's endpoint may be on, how much of an answer
//! is read and how long it may take, keep secrets as texts, and bring a second generation of digests and an XML parser. What would remain
//! of them is the signature.

mod chain;
mod container;
mod error;
mod keys;
mod metadata;
mod process;
mod profile;
mod signature;
mod sources;
mod sts;

pub use crate::web::Github;
pub use error::AwsError;
pub use keys::Keys;
pub use sources::{Container, Endpoints, Profile, Sources};

pub(crate) use chain::{Asked, Role};
pub(crate) use error::named_action;
pub(crate) use signature::Signer;
