use crate::{Described, Distribution, Package, SbomError, sbom};
use consign_package::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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
}

impl Catalogue {
    /// Makes a catalogue of packages in any order; those that are the same are put once.
    pub fn new(distribution: Option<Distribution>, packages: Vec<Package>) -> Self {
        let mut known: BTreeMap<_, Package> = BTreeMap::new();
        for package in packages {
            match known.entry(key(&package)) {
                Entry::Vacant(slot) => _ = slot.insert(package),
                Entry::Occupied(mut same) => same.get_mut().join(package),
            }
        }
        let mut packages: Vec<Package> = known.into_values().collect();
        packages.iter_mut().for_each(Package::sort_places);
        Self { distribution, packages, unlisted: Vec::new() }
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

/// What tells a package from all others of an image. One that a package of the distribution's brought is another than one beside it.
type Key = (String, Kind, Option<String>, Option<String>, String, Option<String>);

fn key(package: &Package) -> Key {
    let Package { name, kind, architecture, version, purl, owner, .. } = package.clone();
    (name, kind, architecture, version, purl, owner)
}
