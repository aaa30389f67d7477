//! Keys of annotations: those that the image specification defines (image-spec, annotations.md), and one of ours.

/// When the image was made, RFC 3339.
pub const CREATED: &str = "org.opencontainers.image.created";
/// Title of the image.
pub const TITLE: &str = "org.opencontainers.image.title";
/// What the image is.
pub const DESCRIPTION: &str = "org.opencontainers.image.description";
/// Where the source is.
pub const SOURCE: &str = "org.opencontainers.image.source";
/// Revision of the source.
pub const REVISION: &str = "org.opencontainers.image.revision";
/// Version of the packaged software.
pub const VERSION: &str = "org.opencontainers.image.version";
/// Name of a reference, in an OCI layout's index: the tag.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Digest of the image that this one is based on.
pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
/// Reference of the image that this one is based on.
pub const BASE_NAME: &str = "org.opencontainers.image.base.name";
/// Which of the image's layers are those of the image that this one is based on: their chain ID (image-spec, config.md, "Layer `ChainID`"). It names
/// the layers and their order, so that it names nothing once somebody puts the image onto another base. Defined by consign.
pub const BASE_CHAIN: &str = "dev.consign.image.base.chain-id";
/// What an entry of an index holds that is no image: [`ATTESTATIONS`] (BuildKit, `docs/attestations/attestation-storage.md`).
pub const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// The image of the index that such an entry is about.
pub const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// The value of [`REFERENCE_TYPE`] for statements about an image.
pub const ATTESTATIONS: &str = "attestation-manifest";
/// The type of the statement in a Sigstore bundle (Sigstore, `cosign/specs/BUNDLE_SPEC.md`).
pub const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// The type of the statement in a layer (in-toto attestation framework, as BuildKit writes it).
pub const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";
