use consign_oci::Platform;

/// Debian's name, then the architecture and variant in OCI's names (Debian policy, section 11.1; image-spec, image-index.md).
/// `armel` is for ARM version 5, `armhf` for version 7, whatever other systems mean by these words.
const ARCHITECTURES: [(&str, &str, Option<&str>); 11] = [
    ("amd64", "amd64", None),
    ("arm64", "arm64", None),
    ("armel", "arm", Some("v5")),
    ("armhf", "arm", Some("v7")),
    ("i386", "386", None),
    ("loong64", "loong64", None),
    ("mips64el", "mips64le", None),
    ("ppc64el", "ppc64le", None),
    ("riscv64", "riscv64", None),
    ("s390x", "s390x", None),
    ("ppc64", "ppc64", None),
];

/// Returns Debian's name of the architecture whose packages run on a platform.
pub fn debian_architecture(platform: &Platform) -> Option<&'static str> {
    if platform.os() != "linux" {
        return None;
    }
    let variant = match platform.architecture() {
        "arm" => platform.variant(),
        // Debian builds for the oldest variant, which runs on all.
        _ => None,
    };
    let found =
        ARCHITECTURES.iter().find(|(_, architecture, of)| *architecture == platform.architecture() && *of == variant);
    found.map(|(debian, ..)| *debian)
}

/// Returns the platform that packages of this Debian architecture are for.
pub fn platform_of(debian_architecture: &str) -> Option<Platform> {
    let (_, architecture, variant) = ARCHITECTURES.iter().find(|(debian, ..)| *debian == debian_architecture)?;
    Platform::new("linux", architecture, *variant).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        for (debian, ..) in ARCHITECTURES {
            let platform = platform_of(debian).unwrap();
            assert_eq!(debian_architecture(&platform), Some(debian), "{platform}");
        }
        assert_eq!(platform_of("all"), None);
    }

    #[test]
    fn knows_what_runs_where() {
        for (platform, expected) in [
            ("linux/amd64/v3", Some("amd64")),
            ("linux/arm64/v8", Some("arm64")),
            ("linux/arm", Some("armhf")),
            ("linux/arm/v5", Some("armel")),
            ("linux/arm/v6", None),
            ("linux/386", Some("i386")),
            ("linux/ppc64le", Some("ppc64el")),
            ("windows/amd64", None),
        ] {
            assert_eq!(debian_architecture(&platform.parse().unwrap()), expected, "{platform}");
        }
    }
}
