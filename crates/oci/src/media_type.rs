//! Media types of manifests, configs and layers.

/// OCI image manifest (image-spec, manifest.md).
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index (image-spec, image-index.md).
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image config (image-spec, config.md).
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI layer, gzip.
pub const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, zstd.
pub const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// OCI layer, uncompressed.
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// The two-byte document `{}` that stands where a manifest has no config (image-spec, manifest.md, "Guidance for an Empty Descriptor").
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// in-toto statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image config.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Every manifest type that consign reads; registries need them all in `Accept`.
pub const MANIFESTS: [&str; 4] = [INDEX, MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

/// Returns whether this is a list of manifests.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, INDEX | DOCKER_INDEX)
}

/// Returns whether this is a list of manifests, or a manifest.
pub fn is_document(media_type: &str) -> bool {
    MANIFESTS.contains(&media_type)
}

/// Returns whether this is a manifest of one image or artifact.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, MANIFEST | DOCKER_MANIFEST)
}

/// Returns whether this is the config of an image: what has another is an artifact.
pub fn is_config(media_type: &str) -> bool {
    matches!(media_type, CONFIG | DOCKER_CONFIG)
}

/// Returns whether this is a layer that only its own source may hand out (image-spec, layer.md, "Non-Distributable Layers"): images name it,
/// and registries need not have it.
pub fn is_foreign(media_type: &str) -> bool {
    media_type.contains(".nondistributable.") || media_type.contains(".foreign.")
}
