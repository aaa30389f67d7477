use super::render::Described;
use std::fmt::Write;

/// Returns the package URL of an image (purl-spec, `types/oci-definition.json`): the name is the last part of the repository, the version its digest.
pub(super) fn image(image: &Described<'_>) -> String {
    let name = image.name.rsplit('/').next().unwrap_or(image.name).to_lowercase();
    let platform = image.platform;
    // Sorted by name, which is the canonical order.
    let qualifiers = [
        ("arch", Some(platform.architecture())),
        ("os", Some(platform.os())),
        ("repository_url", Some(image.name).filter(|name| name.contains('/'))),
        ("variant", platform.variant()),
    ];
    let qualifiers = qualifiers.iter().filter_map(|(key, value)| Some(format!("{key}={}", encoded((*value)?))));
    format!(
        "pkg:oci/{}@{}?{}",
        encoded(&name),
        encoded(&image.digest.to_string()),
        qualifiers.collect::<Vec<_>>().join("&")
    )
}

/// Percent-encodes all but letters, digits, `.`, `-`, `_`, `~` and the colon (purl-spec, "Character encoding").
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            _ = write!(encoded, "%{byte:02X}");
        }
        encoded
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
        let url = |name| image(&Described { name, digest: &digest, platform: &platform, created: None });
        let expected = format!("pkg:oci/hello@{digest}?arch=arm&os=linux&variant=v7");
        assert_eq!(url("hello"), expected);
        let expected =
            format!("pkg:oci/hello@{digest}?arch=arm&os=linux&repository_url=localhost:5000%2FTeam%2Fhello&variant=v7");
        assert_eq!(url("localhost:5000/Team/hello"), expected);
    }
}
