use super::LockError;
use consign_oci::layer::EntryPath;
use consign_oci::{Descriptor, Digest, Platform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was chosen for one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedImage {
    /// Digest of what the image file asks for, and for which platforms.
    pub request: Digest,
    /// What the reference to the base image names: an index, or a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Descriptor>,
    /// The suite that packages are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// Packages by platform, sorted by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_platform")]
    pub packages: BTreeMap<Platform, Vec<LockedPackage>>,
}

/// A package that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPackage {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Debian's name of the architecture, or `all`.
    pub architecture: String,
    /// The suite that it was found in.
    pub suite: String,
    /// Path of the file below the address of the archive.
    pub path: String,
    /// Size of the file, in bytes.
    pub size: u64,
    /// Digest of the file.
    pub digest: Digest,
    /// The package as a package URL (purl-spec).
    pub url: String,
}

impl LockedImage {
    /// Refuses what would be fetched from where no package is.
    pub(super) fn check(&self, name: &str) -> Result<(), LockError> {
        for (platform, packages) in &self.packages {
            for package in packages {
                let refused = |field| LockError::Value {
                    image: name.to_owned(),
                    platform: platform.clone(),
                    package: package.name.chars().take(100).collect(),
                    field,
                };
                if !is_word(&package.name) {
                    return Err(refused("name"));
                }
                if package.path.starts_with('/') || package.path.parse::<EntryPath>().is_err() {
                    return Err(refused("path"));
                }
                if package.suite.is_empty() || package.suite.split('/').any(|part| !is_word(part)) {
                    return Err(refused("suite"));
                }
                if package.digest.algorithm().name() != "sha256" {
                    return Err(refused("digest"));
                }
            }
            if let Some(pair) = packages.windows(2).find(|pair| pair[0].name >= pair[1].name) {
                return Err(LockError::Order {
                    image: name.to_owned(),
                    platform: platform.clone(),
                    package: pair[1].name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Returns whether a text is a name as packages and suites have it, which no address can be hidden in.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_~".contains(&byte))
}

/// Platforms are keys in the form `os/architecture[/variant]`.
mod by_platform {
    use super::LockedPackage;
    use consign_oci::Platform;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    type Packages = BTreeMap<Platform, Vec<LockedPackage>>;

    pub(super) fn serialize<S: Serializer>(packages: &Packages, serializer: S) -> Result<S::Ok, S::Error> {
        let texts: BTreeMap<String, &Vec<LockedPackage>> =
            packages.iter().map(|(platform, packages)| (platform.to_string(), packages)).collect();
        texts.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Packages, D::Error> {
        let mut packages = Packages::new();
        for (text, list) in BTreeMap::<String, Vec<LockedPackage>>::deserialize(deserializer)? {
            let platform: Platform = text.parse().map_err(D::Error::custom)?;
            if packages.insert(platform, list).is_some() {
                return Err(D::Error::custom(format!("`{text}` is there twice")));
            }
        }
        Ok(packages)
    }
}
