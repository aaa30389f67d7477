use crate::Catalogue;
use consign_oci::Platform;
use consign_package::Kind;
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Catalogue {
    /// Returns what most packages of the distribution are built for; `None`: there are none that say so.
    pub fn platform(&self) -> Option<Platform> {
        let mut counts: BTreeMap<Platform, usize> = BTreeMap::new();
        for package in self.packages.iter().filter(|package| package.kind.is_of_distribution()) {
            let platform = package.architecture.as_deref().and_then(|word| platform(package.kind, word));
            if let Some(platform) = platform {
                *counts.entry(platform).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .max_by_key(|(platform, count)| (*count, Reverse(platform.clone())))
            .map(|(platform, _)| platform)
    }
}

/// Returns what a distribution's word for an architecture means. Words for all of them mean none.
fn platform(kind: Kind, word: &str) -> Option<Platform> {
    let (architecture, variant) = match (kind, word) {
        (_, "i386" | "i486" | "i586" | "i686" | "x86") => ("386", None),
        // Alpine says so of machines that are older than those that Debian and others say it of.
        (Kind::Alpine, "armhf") => ("arm", Some("v6")),
        (_, "armv7" | "armv7hl" | "armv7hnl") => ("arm", Some("v7")),
        (_, "mips64el") => ("mips64le", None),
        (_, "loongarch64") => ("loong64", None),
        (_, other) => (other, None),
    };
    Platform::new("linux", architecture, variant).ok().filter(Platform::is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_words_of_their_own() {
        for (kind, word, expected) in [
            (Kind::Debian, "amd64", Some("linux/amd64")),
            (Kind::Debian, "armhf", Some("linux/arm/v7")),
            (Kind::Debian, "armel", Some("linux/arm/v6")),
            (Kind::Debian, "ppc64el", Some("linux/ppc64le")),
            (Kind::Debian, "i386", Some("linux/386")),
            (Kind::Alpine, "armhf", Some("linux/arm/v6")),
            (Kind::Alpine, "armv7", Some("linux/arm/v7")),
            (Kind::Alpine, "x86", Some("linux/386")),
            (Kind::Alpine, "x86_64", Some("linux/amd64")),
            (Kind::Rpm, "aarch64", Some("linux/arm64")),
            (Kind::Rpm, "i686", Some("linux/386")),
            (Kind::Rpm, "noarch", None),
            (Kind::Debian, "all", None),
            (Kind::Debian, "../..", None),
        ] {
            assert_eq!(platform(kind, word).map(|platform| platform.to_string()).as_deref(), expected, "{word}");
        }
    }
}
