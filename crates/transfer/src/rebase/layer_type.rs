//! Layers' media types, which OCI and Docker name differently.

use consign_oci::media_type;

/// Names of the same: OCI's, and Docker's (image-spec, media-types.md, "Compatibility Matrix").
const PAIRS: [(&str, &str); 3] = [
    (media_type::LAYER_GZIP, media_type::DOCKER_LAYER_GZIP),
    (media_type::LAYER, "application/vnd.docker.image.rootfs.diff.tar"),
    (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ),
];

/// Returns what a layer is called in a manifest of this type; `None` where such a manifest has no name for it.
pub(crate) fn named_in<'a>(manifest: &str, layer: &'a str) -> Option<&'a str> {
    let is_docker = |name: &str| name.starts_with("application/vnd.docker.");
    match (is_docker(manifest), is_docker(layer)) {
        (true, true) | (false, false) => Some(layer),
        (true, false) => PAIRS.iter().find(|(oci, _)| *oci == layer).map(|(_, docker)| *docker),
        (false, true) => PAIRS.iter().find(|(_, docker)| *docker == layer).map(|(oci, _)| *oci),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_keeps_its_form_and_takes_the_name_of_the_manifest_s_family() {
        use media_type::{DOCKER_LAYER_GZIP, DOCKER_MANIFEST, LAYER_GZIP, LAYER_ZSTD, MANIFEST};
        for (manifest, layer, expected) in [
            (MANIFEST, LAYER_GZIP, Some(LAYER_GZIP)),
            (MANIFEST, LAYER_ZSTD, Some(LAYER_ZSTD)),
            (MANIFEST, DOCKER_LAYER_GZIP, Some(LAYER_GZIP)),
            (DOCKER_MANIFEST, DOCKER_LAYER_GZIP, Some(DOCKER_LAYER_GZIP)),
            (DOCKER_MANIFEST, LAYER_GZIP, Some(DOCKER_LAYER_GZIP)),
            // Docker has no name for it.
            (DOCKER_MANIFEST, LAYER_ZSTD, None),
            (MANIFEST, "application/vnd.docker.image.rootfs.diff.tar.zstd", None),
        ] {
            assert_eq!(named_in(manifest, layer), expected, "{layer} in {manifest}");
        }
    }
}
