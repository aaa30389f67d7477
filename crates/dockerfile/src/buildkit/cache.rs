use consign_oci::Platform;
use std::collections::BTreeMap;

/// Where a daemon takes steps from that were built before, or leaves those of this build (BuildKit, "Export cache").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The kind, such as `registry`, `inline`, `gha` or `s3`. Not `local`: folders of this machine cannot be used.
    pub kind: String,
    /// Its settings, such as `ref` and `mode`.
    pub attributes: BTreeMap<String, String>,
}

impl Cache {
    /// Returns the part of a cache that is for one platform. A daemon replaces what lies at a reference, so each platform, which is a build of its
    /// own, has a tag of its own there.
    pub(crate) fn of_platform(&self, platform: &Platform) -> Self {
        let mut own = self.clone();
        if self.kind == "registry"
            && let Some(reference) = own.attributes.get_mut("ref")
        {
            let platform = platform.to_string().replace('/', "-");
            let has_tag = reference.rsplit('/').next().is_some_and(|last| last.contains(':'));
            reference.push_str(if has_tag { "" } else { ":latest" });
            reference.push_str(&format!("-{platform}"));
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_a_tag() {
        let platform: Platform = "linux/arm/v7".parse().unwrap();
        for (reference, expected) in [
            ("localhost:1/a:b", "localhost:1/a:b-linux-arm-v7"),
            ("localhost:1/a", "localhost:1/a:latest-linux-arm-v7"),
        ] {
            let cache: Cache = reference.parse().unwrap();
            assert_eq!(cache.of_platform(&platform).attributes["ref"], expected);
        }
    }
}
