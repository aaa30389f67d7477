use super::{Described, DescribedIndex};
use consign_oci::{Digest, Platform};
use consign_package::{PackageUrl, UrlParts};

/// Returns the package URL of an image (purl-spec, `types/oci-definition.json`): the name is the last part of the repository, the version its
/// digest. What has no name but where it lies has none.
pub(super) fn image(image: &Described<'_>) -> Option<String> {
    of(image.name, image.repository, image.digest, Some(image.platform))
}

/// Returns the package URL of an index, which is for several platforms.
pub(super) fn index(index: &DescribedIndex<'_>) -> Option<String> {
    of(index.name, index.repository, index.digest, None)
}

/// Returns the package URL of an image by its name and the repository that it lies in, if any. `platform`: `None` for what is for several.
pub fn of(name: &str, repository: Option<&str>, digest: &Digest, platform: Option<&Platform>) -> Option<String> {
    if name.parse::<Digest>().is_ok() {
        return None;
    }
    let mut qualifiers = vec![("repository_url", repository.unwrap_or_default())];
    if let Some(platform) = platform {
        let variant = platform.variant().unwrap_or_default();
        qualifiers.extend([("arch", platform.architecture()), ("os", platform.os()), ("variant", variant)]);
    }
    let name = repository.unwrap_or(name);
    let name = name.rsplit('/').next().unwrap_or(name);
    let version = &digest.to_string();
    let parts = UrlParts { kind: "oci", name, version, qualifiers: &qualifiers, ..UrlParts::default() };
    PackageUrl::build(&parts).ok().map(|url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_images() {
        let digest = Digest::of(b"");
        let platform = "linux/arm/v7".parse().unwrap();
        let url = |name, repository| {
            image(&Described {
                name,
                repository,
                digest: &digest,
                platform: &platform,
                created: None,
                layers: &[],
                base: None,
            })
        };
        let expected = format!("pkg:oci/hello@{digest}?arch=arm&os=linux&variant=v7");
        assert_eq!(url("hello", None), Some(expected));
        let expected =
            format!("pkg:oci/hello@{digest}?arch=arm&os=linux&repository_url=localhost:5000%2FTeam%2Fhello&variant=v7");
        let repository = "localhost:5000/Team/hello";
        assert_eq!(url(repository, Some(repository)), Some(expected));
        assert_eq!(url(&digest.to_string(), None), None);
    }
}
