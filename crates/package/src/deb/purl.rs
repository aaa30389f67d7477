use super::Version;
use crate::PackageUrl;

/// Returns the package URL of a Debian package, such as `pkg:deb/debian/nginx@1.22.1-9?arch=amd64&distro=debian-12`
/// (purl-spec, `types/deb-definition.json`). `distribution` is the `ID` and `release` the `VERSION_ID` or codename of the
/// distribution; `source` is named, as the qualifier `upstream`, where it is not the package itself.
pub fn purl(
    distribution: &str,
    release: Option<&str>,
    name: &str,
    version: &Version,
    architecture: &str,
    source: Option<(&str, &Version)>,
) -> String {
    let vendor = distribution.to_lowercase();
    let release = release.map(|release| format!("{vendor}-{release}"));
    let upstream = match source {
        Some((source, source_version)) if source_version != version => format!("{source}@{source_version}"),
        Some((source, _)) if source != name => source.to_owned(),
        _ => String::new(),
    };
    let qualifiers =
        [("arch", architecture), ("distro", release.as_deref().unwrap_or_default()), ("upstream", &upstream)];
    PackageUrl::of_distribution("deb", &vendor, &name.to_lowercase(), version.as_str(), &qualifiers).to_string()
}

/// Returns whether a text is the canonical package URL of this Debian package, whichever distribution and source it names.
pub(super) fn is_url_of(text: &str, name: &str, version: &Version, architecture: &str) -> bool {
    let Ok(url) = text.parse::<PackageUrl>() else { return false };
    let is_one_vendor = url.namespace().is_some_and(|vendor| !vendor.contains('/'));
    let is_known = |(key, _): (&str, &str)| matches!(key, "arch" | "distro" | "upstream");
    url.kind() == "deb"
        && is_one_vendor
        && url.name() == name
        && url.version() == Some(version.as_str())
        && url.qualifier("arch") == Some(architecture)
        && url.qualifiers().all(is_known)
        && url.subpath().is_none()
        && url.to_string() == text
}

/// Returns the name of the source package that a package URL of a Debian package names.
pub fn source_of(url: &str) -> Option<String> {
    let url: PackageUrl = url.parse().ok()?;
    let name = url.qualifier("upstream")?.split('@').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_source_of_a_package() {
        for (url, expected) in [
            ("pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc%402.36-9", Some("glibc")),
            ("pkg:deb/debian/libgcc-s1@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12", Some("gcc-12")),
            ("pkg:deb/debian/a@1?upstream=libc%2B%2B@1", Some("libc++")),
            ("pkg:deb/debian/dash@0.5?arch=amd64", None),
            ("pkg:deb/debian/dash@0.5", None),
        ] {
            assert_eq!(source_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn writes_package_urls() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        let (nginx, cpp, binary) = (version("1.22.1-9"), version("1:2.0~rc1+dfsg-1"), version("1.22.1-9+b1"));
        for (expected, url) in [
            (
                "pkg:deb/debian/nginx@1.22.1-9?arch=amd64&distro=debian-12",
                purl("debian", Some("12"), "nginx", &nginx, "amd64", Some(("nginx", &nginx))),
            ),
            ("pkg:deb/debian/g%2B%2B@1:2.0~rc1%2Bdfsg-1?arch=all", purl("Debian", None, "g++", &cpp, "all", None)),
            (
                "pkg:deb/ubuntu/nginx-light@1.22.1-9?arch=arm64&distro=ubuntu-22.04&upstream=nginx",
                purl("ubuntu", Some("22.04"), "nginx-light", &nginx, "arm64", Some(("nginx", &nginx))),
            ),
            (
                "pkg:deb/debian/nginx@1.22.1-9%2Bb1?arch=s390x&distro=debian-12&upstream=nginx%401.22.1-9",
                purl("debian", Some("12"), "nginx", &binary, "s390x", Some(("nginx", &nginx))),
            ),
        ] {
            assert_eq!(url, expected);
        }
    }
}
