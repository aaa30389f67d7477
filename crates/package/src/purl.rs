use crate::deb::Version;
use std::fmt::Write;

/// Returns the package URL of a Debian package, such as `pkg:deb/debian/nginx@1.22.1-9?arch=amd64&distro=debian-12`
/// (purl-spec, `types/deb-definition.json`). `distribution` is the `ID` and `release` the `VERSION_ID` or codename of the
/// distribution; `source` is named, as the qualifier `upstream`, where it is not the package itself.
pub fn debian(
    distribution: &str,
    release: Option<&str>,
    name: &str,
    version: &Version,
    architecture: &str,
    source: Option<(&str, &Version)>,
) -> String {
    let distribution = distribution.to_ascii_lowercase();
    let mut text = format!(
        "pkg:deb/{}/{}@{}?arch={}",
        encode(&distribution),
        encode(&name.to_ascii_lowercase()),
        encode(&version.to_string()),
        encode(architecture)
    );
    if let Some(release) = release {
        text += &format!("&distro={}-{}", encode(&distribution), encode(release));
    }
    match source {
        Some((source, source_version)) if source_version != version => {
            text += &format!("&upstream={}", encode(&format!("{source}@{source_version}")));
        }
        Some((source, _)) if source != name => text += &format!("&upstream={}", encode(source)),
        _ => {}
    }
    text
}

/// Returns whether a text is a package URL of this Debian package, whichever distribution and source it names.
pub(crate) fn is_url_of(url: &str, name: &str, version: &Version, architecture: &str) -> bool {
    let is_encoded = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_~:%".contains(&byte))
    };
    let own = debian("", None, name, version, architecture, None);
    let Some((distribution, rest)) = url.strip_prefix("pkg:deb/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let Some(qualifiers) = rest.strip_prefix(own.trim_start_matches("pkg:deb//")) else { return false };
    let is_known = |qualifier: &str| match qualifier.split_once('=') {
        Some(("distro" | "upstream", value)) => is_encoded(value),
        _ => false,
    };
    let mut qualifiers = qualifiers.split('&');
    is_encoded(distribution) && qualifiers.next() == Some("") && qualifiers.all(is_known)
}

/// Returns the name of the source package that a package URL of a Debian package names.
pub fn source_of(url: &str) -> Option<String> {
    let upstream = url.split_once('?')?.1.split('&').find_map(|qualifier| qualifier.strip_prefix("upstream="))?;
    let name = upstream.split('@').next()?.split("%40").next()?;
    // Of what a source's name may have, the plus sign alone is encoded.
    Some(name.replace("%2B", "+"))
}

/// Encodes a component: all but letters, digits, `.`, `-`, `_`, `~` and the colon (purl-spec, "Character encoding").
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
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
                debian("debian", Some("12"), "nginx", &nginx, "amd64", Some(("nginx", &nginx))),
            ),
            ("pkg:deb/debian/g%2B%2B@1:2.0~rc1%2Bdfsg-1?arch=all", debian("Debian", None, "g++", &cpp, "all", None)),
            (
                "pkg:deb/ubuntu/nginx-light@1.22.1-9?arch=arm64&distro=ubuntu-22.04&upstream=nginx",
                debian("ubuntu", Some("22.04"), "nginx-light", &nginx, "arm64", Some(("nginx", &nginx))),
            ),
            (
                "pkg:deb/debian/nginx@1.22.1-9%2Bb1?arch=s390x&distro=debian-12&upstream=nginx%401.22.1-9",
                debian("debian", Some("12"), "nginx", &binary, "s390x", Some(("nginx", &nginx))),
            ),
        ] {
            assert_eq!(url, expected);
        }
    }
}
