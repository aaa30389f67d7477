//! The OCI distribution client (distribution-spec v1.1).
//!
//! [`Client`] asks few questions: what it knows of a host (how it wants to be logged in to, whether it lists referrers) is kept and shared by all
//! clones. Credentials go to the registry and to the token service that it names, and nowhere else; answers are bounded, and bytes are checked
//! against the digest that asked for them.

mod auth;
pub mod aws;
mod bandwidth;
mod blob;
mod budget;
mod catalog;
mod challenge;
mod client;
pub mod cloud;
mod connections;
pub mod credential_helper;
mod credentials;
pub mod docker_config;
mod download;
pub mod ecr;
mod endpoint;
mod entrance;
mod error;
mod held;
mod holding;
mod known;
mod listing;
mod login;
mod manifest;
mod memory;
mod mirrors;
mod options;
mod paging;
mod pause;
mod probe;
mod push;
mod quota;
mod reader;
mod referrers;
mod refusal;
mod sessions;
mod shared_tag;
mod stall;
mod tags;
mod tls;
mod token;
mod transport;
mod unanswered;
mod upload;
mod web;

pub use catalog::Catalog;
pub use client::Client;
pub use credentials::{Credentials, Secret};
pub use entrance::Entrance;
pub use error::{ErrorKind, RegistryError};
pub use listing::Listings;
pub use manifest::Found;
pub use memory::{Memory, MemoryFolder};
pub use mirrors::mirrored;
pub use options::{HostOptions, Options};
pub use probe::Probe;
pub use push::Pushed;
pub use quota::Quota;
pub use reader::{BlobReader, verified};
pub use shared_tag::TagUpdate;
pub use tls::{Distrust, Tls, TlsError};
pub use web::WebError;
