//! Keys, DSSE envelopes and Sigstore bundles.
//!
//! A [`Signer`], such as a [`PrivateKey`], signs an in-toto statement's exact bytes; the result is a Sigstore bundle, which an OCI artifact carries to a registry
//! as a referrer of what the statement is about. The formats are those of cosign 3, so that cosign verifies what consign signs and the
//! other way round. Signing is deterministic: the same statement and key give the same bytes, so a repeated release uploads nothing.

mod artifact;
mod blob;
mod bundle;
mod keys;
mod legacy;
mod signature;

pub use artifact::{Artifact, BUNDLE, artifact, bundle_of};
pub use blob::{BlobSignature, sign_blob};
pub use bundle::{Bundle, BundleError, LIMIT, sign};
pub use keys::{DigestAlgorithm, KeyAlgorithm, KeyAlgorithmError, KeyError, PrivateKey, PublicKey, Signer};
pub use legacy::{
    LEGACY_ARTIFACT, LegacyKind, LegacyLayer, LegacyManifest, LegacySignature, Payload, PayloadError, SIMPLE_SIGNING,
    attestation_layer, extended, layers_of, signature_layer, without,
};
pub use signature::{Annotations, signature_statement};
