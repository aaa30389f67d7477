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
