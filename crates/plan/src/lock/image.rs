use super::LockError;
use super::unique::unique;
use consign_oci::{Descriptor, Digest, Platform};
use consign_package::deb::{PackageFile, source_of};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// What was chosen for one image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedImage {
    /// Digest of what the image file asks for, and for which platforms.
    pub request: Digest,
    /// Digest of all that is chosen for it.
    pub(super) digest: Digest,
    /// What the reference to the base image names: an index, or a manifest.
    #[serde(default)]
    pub base: Option<Descriptor>,
    /// What the images are that a Dockerfile names without a digest, by the reference as it is written.
    #[serde(default, deserialize_with = "unique")]
    pub images: BTreeMap<String, Descriptor>,
    /// The suite that packages are of.
    #[serde(default)]
    pub suite: Option<String>,
    /// Packages by platform, sorted by name.
    #[serde(default, deserialize_with = "unique")]
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

impl LockedPackage {
    /// Returns the name of the source package, where its URL names one.
    pub fn source(&self) -> Option<String> {
        source_of(&self.url)
    }
}

impl LockedImage {
    /// Writes down what was chosen for a request.
    pub fn new(
        request: Digest,
        base: Option<Descriptor>,
        suite: Option<String>,
        packages: BTreeMap<Platform, Vec<LockedPackage>>,
    ) -> Self {
        let images = BTreeMap::new();
        let digest = digest(&request, base.as_ref(), &images, suite.as_deref(), &packages);
        Self { request, digest, base, images, suite, packages }
    }

    /// Writes down what the images of a Dockerfile are.
    pub fn of_images(request: Digest, images: BTreeMap<String, Descriptor>) -> Self {
        let digest = digest(&request, None, &images, None, &BTreeMap::new());
        Self { request, digest, base: None, images, suite: None, packages: BTreeMap::new() }
    }

    /// Returns whether all is there that was written down, as it was. A merge of two branches may take a package from the one and not from the
    /// other, and leave what can be read, but was never chosen.
    pub fn is_whole(&self) -> bool {
        self.digest == digest(&self.request, self.base.as_ref(), &self.images, self.suite.as_deref(), &self.packages)
    }

    /// Refuses what would be fetched from where no package is.
    pub(super) fn check(&self, name: &str) -> Result<(), LockError> {
        for (platform, packages) in &self.packages {
            if packages.is_empty() {
                return Err(LockError::Empty { image: name.to_owned(), platform: platform.clone() });
            }
            for package in packages {
                let refused = |field| LockError::Value {
                    image: name.to_owned(),
                    platform: platform.clone(),
                    package: package.name.chars().take(100).collect(),
                    field,
                };
                let LockedPackage { name, version, architecture, path, url, .. } = package;
                if let Some(field) = (PackageFile { name, version, architecture, path, url }).wrong() {
                    return Err(refused(field));
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

/// Returns the digest of what was chosen for a request.
fn digest(
    request: &Digest,
    base: Option<&Descriptor>,
    images: &BTreeMap<String, Descriptor>,
    suite: Option<&str>,
    packages: &BTreeMap<Platform, Vec<LockedPackage>>,
) -> Digest {
    let packages: BTreeMap<String, _> =
        packages.iter().map(|(platform, packages)| (platform.to_string(), packages)).collect();
    let mut chosen = json!({ "request": request, "base": base, "suite": suite, "packages": packages });
    if !images.is_empty() {
        chosen["images"] = json!(images);
    }
    Digest::of(chosen.to_string().as_bytes())
}

/// Returns whether a text is a name as suites have it, which no address can be hidden in.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_~".contains(&byte))
}
