use crate::Distribution;
use consign_package::{Kind, PackageUrl, UrlParts};

/// Returns the package URL of a distribution's package in an image of this distribution. One that says nothing of itself has what is usual.
pub(crate) fn in_distribution(url: &str, kind: Kind, distribution: Option<&Distribution>) -> String {
    match (distribution, url.parse::<PackageUrl>()) {
        (Some(distribution), Ok(url)) if kind.is_of_distribution() => {
            url.in_distribution(&distribution.id, distribution.version()).to_string()
        }
        _ => url.to_owned(),
    }
}

/// Returns the package URL of a language's package; empty where its name is none that such a URL could have. What comes from elsewhere than the
/// registry that its ecosystem's advisories are about is of no ecosystem.
pub(crate) fn of_language(kind: Kind, name: &str, version: &str, platform: &str, is_elsewhere: bool) -> String {
    let (namespace, name) = match kind {
        _ if is_elsewhere => ("", name),
        Kind::Maven => name.split_once(':').unwrap_or(("", name)),
        Kind::Npm | Kind::Go | Kind::Composer => name.rsplit_once('/').unwrap_or(("", name)),
        _ => ("", name),
    };
    let parts = UrlParts {
        kind: if is_elsewhere { "generic" } else { kind.purl_type() },
        namespace,
        name,
        version,
        qualifiers: &[("platform", platform)],
        ..UrlParts::default()
    };
    PackageUrl::build(&parts).map(|url| url.to_string()).unwrap_or_default()
}
