//! Plain data of the OCI specifications, and deterministic layers.
//!
//! Values are valid once they exist: a [`Digest`], [`Reference`], [`Tag`] or [`Platform`] can only be made by parsing.
//! Manifests keep the exact bytes that they came as ([`Exact`]), since a digest is the hash of those bytes.
//! The documents are this crate's own types, not those of `oci-spec`, because that crate keeps annotations and labels in
//! hash maps, which serialize in a different order each time.

pub mod annotation;
mod descriptor;
mod digest;
mod document;
mod exact;
mod image_config;
pub mod layer;
mod manifest;
pub mod media_type;
mod platform;
mod reference;
mod registry_path;
mod stated_base;

pub use descriptor::Descriptor;
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use document::{DOCUMENT_LIMIT, Document, DocumentError};
pub use exact::Exact;
pub use image_config::{History, ImageConfig, Nothing, RootFilesystem, RuntimeConfig};
pub use manifest::{Index, Manifest};
pub use platform::{ARCHITECTURES, Platform, PlatformError};
pub use reference::{Reference, ReferenceError, Repository, Tag, Target};
pub use registry_path::{RegistryPath, RegistryPathError};
pub use stated_base::{StatedBase, chain_id};
