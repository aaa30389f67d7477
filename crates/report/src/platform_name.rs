use consign_oci::{Digest, Platform};
use std::collections::BTreeMap;

/// Letters of a digest that tell two images for one platform apart.
const DIGEST_LENGTH: usize = 12;

/// A platform of an image, and what it is called in reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlatformName {
    /// What it runs on.
    pub platform: Platform,
    /// The same as `os/architecture[/variant]`. Where several images are for one platform, as those for versions of Windows are, a part of the digest follows.
    pub name: String,
}

impl PlatformName {
    /// Names the platforms of an image, each with the digest of its manifest, in their order.
    pub fn all<'a>(platforms: impl Iterator<Item = (&'a Platform, &'a Digest)> + Clone) -> Vec<Self> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        platforms.clone().for_each(|(platform, _)| *counts.entry(platform.to_string()).or_default() += 1);
        let name = |(platform, digest): (&Platform, &Digest)| {
            let name = platform.to_string();
            let hex = digest.hex();
            match counts.get(&name) {
                Some(2..) => format!("{name}-{}", hex.get(..DIGEST_LENGTH).unwrap_or(hex)),
                _ => name,
            }
        };
        platforms
            .map(|(platform, digest)| Self { platform: platform.clone(), name: name((platform, digest)) })
            .collect()
    }
}

impl From<Platform> for PlatformName {
    fn from(platform: Platform) -> Self {
        Self { name: platform.to_string(), platform }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_share_a_platform_have_a_part_of_their_digest() {
        let [amd, arm] = ["windows/amd64", "linux/arm64"].map(|text| text.parse::<Platform>().unwrap());
        let [one, other] = [b"a", b"b"].map(|bytes| Digest::of(bytes));
        let names = PlatformName::all([(&amd, &one), (&arm, &one), (&amd, &other)].into_iter());
        let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(names, ["windows/amd64-ca978112ca1b", "linux/arm64", "windows/amd64-3e23e8160039"]);
    }
}
