//! cosign's older form: signatures and attestations are layers of one manifest under a tag made of the image's digest (cosign,
//! `specs/SIGNATURE_SPEC.md`). podman, skopeo and what is built on them read nothing else.

mod layer;
mod manifest;
mod payload;

pub use layer::{LegacyLayer, LegacySignature, attestation_layer, signature_layer};
pub use manifest::{LEGACY_ARTIFACT, LegacyKind, LegacyManifest, extended, layers_of, without};
pub use payload::{Payload, PayloadError, SIMPLE_SIGNING};
