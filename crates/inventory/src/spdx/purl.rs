use super::render::Described;
use consign_package::{PackageUrl, PackageUrlError, UrlParts};

/// Returns the package URL of an image (purl-spec, `types/oci-definition.json`): the name is the last part of the repository, the version its digest.
pub(super) fn image(image: &Described<'_>) -> Result<PackageUrl, PackageUrlError> {
    let name = image.name.rsplit('/').next().unwrap_or(image.name);
    let platform = image.platform;
    PackageUrl::build(&UrlParts {
        kind: "oci",
        name,
        version: &image.digest.to_string(),
        qualifiers: &[
            ("arch", platform.architecture()),
            ("os", platform.os()),
            ("repository_url", if image.name.contains('/') { image.name } else { "" }),
            ("variant", platform.variant().unwrap_or_default()),
        ],
        ..UrlParts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::Digest;

    #[test]
    fn names_images() {
        let digest = Digest::of(b"");
        let platform = "linux/arm/v7".parse().unwrap();
        let url =
            |name| image(&Described { name, digest: &digest, platform: &platform, created: None }).unwrap().to_string();
        let expected = format!("pkg:oci/hello@{digest}?arch=arm&os=linux&variant=v7");
        assert_eq!(url("hello"), expected);
        let expected =
            format!("pkg:oci/hello@{digest}?arch=arm&os=linux&repository_url=localhost:5000%2FTeam%2Fhello&variant=v7");
        assert_eq!(url("localhost:5000/Team/hello"), expected);
    }
}
