use crate::Distribution;
use consign_package::deb;
use consign_package::deb::installed::InstalledPackage;
use serde::{Deserialize, Serialize};

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its architecture, in the distribution's words.
    pub architecture: String,
    /// Its version.
    pub version: String,
    /// Name of the source package that it was built from. Advisories are about source packages.
    pub source_name: String,
    /// Version of that source package.
    pub source_version: String,
    /// Who maintains it, as written: `Name <address>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// Its home page, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What it is, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its package URL.
    pub purl: String,
}

impl Package {
    /// Makes the record of an installed Debian package.
    pub(crate) fn debian(installed: InstalledPackage, distribution: Option<&Distribution>) -> Self {
        let purl = deb::purl(
            // A package URL needs a vendor; images without an os-release are mostly cut down from Debian's.
            distribution.map_or("debian", |distribution| &distribution.id),
            distribution.and_then(Distribution::version),
            &installed.name,
            &installed.version,
            &installed.architecture,
            Some((&installed.source_name, &installed.source_version)),
        );
        Self {
            name: installed.name,
            architecture: installed.architecture,
            version: installed.version.to_string(),
            source_name: installed.source_name,
            source_version: installed.source_version.to_string(),
            maintainer: installed.maintainer,
            homepage: installed.homepage,
            description: installed.description,
            purl,
        }
    }

    /// Returns what tells a package from all others of an image.
    pub(crate) fn key(&self) -> (&str, &str, &str) {
        (&self.name, &self.architecture, &self.version)
    }
}
