use crate::bounded::Bounded;
use crate::{Described, Distribution, Package, SbomError, sbom};
use consign_oci::{Digest, Hasher};
use consign_package::{Kind, PackageUrl};
use consign_receipt::predicate::ImageFacts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Write};

/// Largest form that is kept, in bytes.
const SIZE_LIMIT: usize = 128 << 20;

/// What is in an image: its distribution and its packages, sorted by name, kind, architecture and version, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// The distribution, if the image says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// The packages.
    pub packages: Vec<Package>,
    /// Where other packages may be, in words: `what lib/apk/db/installed lists`. Nothing is known of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// What its settings and other files say, if its config was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<ImageFacts>>,
}

impl Catalogue {
    /// Makes a catalogue of packages in any order; those that are the same are put once.
    pub fn new(distribution: Option<Distribution>, packages: Vec<Package>) -> Self {
        let mut known: HashMap<Key, Package> = HashMap::new();
        for package in packages {
            match known.entry(key(&package)) {
                Entry::Vacant(slot) => _ = slot.insert(package),
                Entry::Occupied(mut same) => same.get_mut().join(package),
            }
        }
        let mut packages: Vec<Package> = known.into_values().collect();
        packages.iter_mut().for_each(Package::sort_places);
        packages.sort_by(|one, other| order(one).cmp(&order(other)));
        Self { distribution, packages, unlisted: Vec::new(), facts: None }
    }

    /// Returns of each package the number of the distribution's package that brought it, if one did.
    pub fn owners(&self) -> Vec<Option<usize>> {
        let is_owner = |package: &Package| package.owner.is_none() && package.kind.is_of_distribution();
        let owners = self.packages.iter().enumerate().filter(|(_, package)| is_owner(package));
        let owners: HashMap<&str, usize> = owners.map(|(number, package)| (package.purl.as_str(), number)).collect();
        let owner = |package: &Package| owners.get(package.owner.as_deref()?).copied();
        self.packages.iter().map(owner).collect()
    }

    /// Returns it as it is kept. `None`: it is so large that it is made again rather than kept.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Bounded::new(SIZE_LIMIT);
        serde_json::to_writer(&mut bytes, self).ok()?;
        Some(bytes.into_inner())
    }

    /// Returns the digest of all that stands in it, of whatever size: of its JSON.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        let mut hashed = Hashed(Hasher::default());
        serde_json::to_writer(&mut hashed, self)?;
        Ok(hashed.0.finish())
    }

    /// Returns the SPDX 2.3 document of the image that has these contents: the same bytes for the same image and version of consign.
    pub fn spdx(&self, image: &Described<'_>) -> Result<Value, SbomError> {
        sbom::spdx(self, image)
    }

    /// Returns the CycloneDX 1.6 document of the image that has these contents: the same bytes for the same image and version of consign.
    pub fn cyclonedx(&self, image: &Described<'_>) -> Result<Value, SbomError> {
        sbom::cyclonedx(self, image)
    }
}

/// Hashes what is written.
struct Hashed(Hasher);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tells a package from all others of an image: its kind, its package URL or, where it has none, its name and version, and the package of the distribution's
/// that brought it.
type Key = (Kind, String, Option<String>);

fn key(package: &Package) -> Key {
    let name = match package.purl.parse::<PackageUrl>() {
        // Which file it is of those that are published under the name, and where its source is kept, is not part of it.
        Ok(url) => url.without(&["type", "vcs_url", "checksum", "checksums"]).to_string(),
        Err(_) => {
            [&package.name, package.version_text(), package.architecture.as_deref().unwrap_or_default()].join("\0")
        }
    };
    (package.kind, name, package.owner.clone())
}

fn order(package: &Package) -> impl Ord + '_ {
    let Package { name, kind, architecture, version, purl, owner, .. } = package;
    (name, kind, architecture, version, purl, owner)
}
