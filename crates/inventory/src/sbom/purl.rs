use super::{Described, DescribedIndex};
use consign_package::{PackageUrl, UrlParts};

/// Returns the package URL of an image (purl-spec, `types/oci-definition.json`): the name is the last part of the repository, the version its
/// digest. A name that ends in a slash is none that a package URL could have.
pub(super) fn image(image: &Described<'_>) -> Option<String> {
    let platform = image.platform;
    let url =
        [("arch", platform.architecture()), ("os", platform.os()), ("variant", platform.variant().unwrap_or_default())];
    of(image.name, &image.digest.to_string(), &url)
}

/// Returns the package URL of an index, which is for several platforms.
pub(super) fn index(index: &DescribedIndex<'_>) -> Option<String> {
    of(index.name, &index.digest.to_string(), &[])
}

fn of(name: &str, version: &str, qualifiers: &[(&str, &str)]) -> Option<String> {
    let repository = if name.contains('/') { name } else { "" };
    let qualifiers = [&[("repository_url", repository)], qualifiers].concat();
    let name = name.rsplit('/').next().unwrap_or(name);
    let parts = UrlParts { kind: "oci", name, version, qualifiers: &qualifiers, ..UrlParts::default() };
    PackageUrl::build(&parts).ok().map(|url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::Digest;

    #[test]
    fn names_images() {
        let digest = Digest::of(b"");
        let platform = "linux/arm/v7".parse().unwrap();
        let url = |name| {
            image(&Described { name, digest: &digest, platform: &platform, created: None, layers: &[] }).unwrap()
        };
        let expected = format!("pkg:oci/hello@{digest}?arch=arm&os=linux&variant=v7");
        assert_eq!(url("hello"), expected);
        let expected =
            format!("pkg:oci/hello@{digest}?arch=arm&os=linux&repository_url=localhost:5000%2FTeam%2Fhello&variant=v7");
        assert_eq!(url("localhost:5000/Team/hello"), expected);
    }
}
