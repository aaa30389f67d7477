use super::Format;
use consign_oci::media_type;

/// Docker's uncompressed layer. Its registry names the type, and few programs write it.
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// What OCI and docker call the same (image-spec, media-types.md, "Compatibility Matrix").
const PAIRS: [(&str, &str); 7] = [
    (media_type::INDEX, media_type::DOCKER_INDEX),
    (media_type::MANIFEST, media_type::DOCKER_MANIFEST),
    (media_type::CONFIG, media_type::DOCKER_CONFIG),
    (media_type::LAYER_GZIP, media_type::DOCKER_LAYER_GZIP),
    (media_type::LAYER, DOCKER_LAYER),
    (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar"),
];

/// Returns what a format calls a type; `None` if it has nothing of the kind. OCI has a place for everything.
pub(super) fn in_format(format: Format, media_type: &str) -> Option<&str> {
    let pair = PAIRS.iter().find(|(oci, docker)| [*oci, *docker].contains(&media_type));
    match (pair, format) {
        (Some((oci, _)), Format::Oci) => Some(oci),
        (Some((_, docker)), Format::Docker) => Some(docker),
        (None, Format::Oci) => Some(media_type),
        (None, Format::Docker) => None,
    }
}

/// Says why docker's format has no place for a type.
pub(super) fn reason(media_type: &str) -> String {
    match media_type.ends_with("+zstd") {
        true => "it has layers that are compressed with zstd, and docker's format knows gzip only".to_owned(),
        false => format!("docker's format has nothing like `{media_type:.200}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_docker_has_its_like_and_comes_back() {
        for (oci, docker) in PAIRS {
            for known in [oci, docker] {
                assert_eq!(in_format(Format::Oci, known), Some(oci));
                assert_eq!(in_format(Format::Docker, known), Some(docker));
            }
        }
        for unknown in [media_type::LAYER_ZSTD, media_type::EMPTY, "text/plain"] {
            assert_eq!(in_format(Format::Oci, unknown), Some(unknown));
            assert_eq!(in_format(Format::Docker, unknown), None);
        }
        assert!(reason(media_type::LAYER_ZSTD).contains("zstd"));
    }
}
