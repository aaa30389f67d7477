use crate::Distribution;
use crate::layer::Listed;
use consign_package::{Kind, PackageUrl, UrlParts, deb};

/// Returns the package URL of a package in an image of this distribution; empty where its name is none that such a URL could have.
pub(crate) fn of(listed: &Listed, distribution: Option<&Distribution>) -> String {
    match listed.kind {
        Kind::Debian => debian(listed, distribution),
        Kind::Alpine | Kind::Rpm => of_distribution(listed, distribution),
        _ => of_language(listed),
    }
}

fn debian(listed: &Listed, distribution: Option<&Distribution>) -> String {
    // A package URL needs a vendor; images without an os-release are mostly cut down from Debian's.
    let vendor = distribution.map_or("debian", |distribution| &distribution.id);
    let release = distribution.and_then(Distribution::version);
    let parsed = |text: &str| text.parse::<deb::Version>().ok();
    let version = listed.version.as_deref().and_then(parsed);
    let source = listed.source.as_ref().and_then(|(name, version)| Some((name.as_str(), parsed(version)?)));
    let source = source.as_ref().map(|(name, version)| (*name, version));
    let architecture = listed.architecture.as_deref().unwrap_or_default();
    let url = |version| deb::purl(vendor, release, &listed.name, &version, architecture, source);
    version.map(url).unwrap_or_default()
}

/// Returns the URL of a package of apk's or rpm's (purl-spec, `types/apk-definition.json`, `types/rpm-definition.json`). The qualifiers
/// `distro` and `upstream` are those that other tools write.
fn of_distribution(listed: &Listed, distribution: Option<&Distribution>) -> String {
    let usual = if listed.kind == Kind::Alpine { "alpine" } else { "redhat" };
    let vendor = distribution.map_or(usual, |distribution| &distribution.id);
    let release = distribution.and_then(Distribution::version).map(|release| format!("{vendor}-{release}"));
    let version = listed.version.as_deref().unwrap_or_default();
    let upstream = match &listed.source {
        Some((name, source_version)) if source_version != version && !source_version.is_empty() => {
            format!("{name}@{source_version}")
        }
        Some((name, _)) if *name != listed.name => name.clone(),
        _ => String::new(),
    };
    // An epoch stands apart in the URL of an rpm.
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, rest)) if listed.kind == Kind::Rpm => (epoch, rest),
        _ => ("", version),
    };
    let qualifiers = [
        ("arch", listed.architecture.as_deref().unwrap_or_default()),
        ("distro", release.as_deref().unwrap_or_default()),
        ("epoch", epoch),
        ("upstream", &upstream),
    ];
    let parts = UrlParts {
        kind: listed.kind.purl_type(),
        namespace: vendor,
        name: &listed.name,
        version,
        qualifiers: &qualifiers,
        ..UrlParts::default()
    };
    built(&parts)
}

fn of_language(listed: &Listed) -> String {
    let (namespace, name) = match listed.kind {
        Kind::Maven => listed.name.split_once(':').unwrap_or(("", &listed.name)),
        Kind::Npm | Kind::Go | Kind::Composer => listed.name.rsplit_once('/').unwrap_or(("", &listed.name)),
        _ => ("", listed.name.as_str()),
    };
    let platform = listed.architecture.as_deref().filter(|_| listed.kind == Kind::Gem).unwrap_or_default();
    let parts = UrlParts {
        kind: listed.kind.purl_type(),
        namespace,
        name,
        version: listed.version.as_deref().unwrap_or_default(),
        qualifiers: &[("platform", platform)],
        ..UrlParts::default()
    };
    built(&parts)
}

fn built(parts: &UrlParts<'_>) -> String {
    PackageUrl::build(parts).map(|url| url.to_string()).unwrap_or_default()
}
