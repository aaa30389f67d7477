use crate::{Described, Distribution, Package, SpdxError, spdx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is in an image: its distribution and its packages, sorted by name, architecture and version, each once.
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
    pub fn new(distribution: Option<Distribution>, mut packages: Vec<Package>) -> Self {
        packages.sort();
        packages.dedup_by(|later, earlier| later.key() == earlier.key());
        Self { distribution, packages, unlisted: Vec::new() }
    }

    /// Returns the SPDX 2.3 document of the image that has these contents: the same bytes for the same image and version of consign.
    pub fn spdx(&self, image: &Described<'_>) -> Result<Value, SpdxError> {
        spdx::document(self, image)
    }
}
