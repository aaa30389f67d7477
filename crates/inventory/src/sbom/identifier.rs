use super::text;
use crate::Package;
use consign_oci::{Digest, Platform};

/// Returns an identifier that no other package of the document has: the name for people, a hash to tell packages apart that have it, too.
/// In a document of several platforms it says which.
pub(super) fn of_package(package: &Package, platform: Option<&Platform>) -> String {
    let platform = platform.map(|platform| format!("{}-", text::identifier(&platform.to_string()))).unwrap_or_default();
    let Package { name, kind, architecture, version, purl, owner, .. } = package;
    let [architecture, version, owner] = [architecture, version, owner].map(|part| part.as_deref().unwrap_or_default());
    let whole = [kind.purl_type(), name, architecture, version, purl, owner].join("\0");
    format!("Package-{platform}{kind}-{}-{}", text::identifier(name), &Digest::of(whole.as_bytes()).hex()[..16])
}

/// Returns the identifier of the image of one platform, in a document of one or several.
pub(super) fn of_image(platform: Option<&Platform>) -> String {
    match platform {
        Some(platform) => format!("Image-{}", text::identifier(&platform.to_string())),
        None => "Image".to_owned(),
    }
}

/// Returns the identifier of a distribution.
pub(super) fn of_distribution(platform: Option<&Platform>) -> String {
    match platform {
        Some(platform) => format!("OperatingSystem-{}", text::identifier(&platform.to_string())),
        None => "OperatingSystem".to_owned(),
    }
}
