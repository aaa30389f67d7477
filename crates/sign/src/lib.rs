//! Keys, DSSE envelopes and Sigstore bundles.
//!
//! A [`PrivateKey`] signs an in-toto statement's exact bytes; the result is a Sigstore bundle, which an OCI artifact carries to a registry
//! as a referrer of what the statement is about. The formats are those of cosign 3, so that cosign verifies what consign signs and the
//! other way round. Signing is deterministic: the same statement and key give the same bytes, so a repeated release uploads nothing.

mod artifact;
mod blob;
mod bundle;
mod keys;
mod signature;
mod simple_signing;

pub use artifact::{Artifact, BUNDLE, artifact, bundle_of};
pub use blob::{BlobSignature, sign_blob};
pub use bundle::{Bundle, BundleError, LIMIT, sign};
pub use keys::{KeyError, PrivateKey, PublicKey};
pub use signature::signature_statement;
pub use simple_signing::{SIMPLE_SIGNING, signed_repository};
