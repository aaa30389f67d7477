use crate::PackageUrl;
use crate::apk::ApkChecksum;

/// A package that is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkPackage {
    /// Name (`P`).
    pub name: String,
    /// Version (`V`).
    pub version: String,
    /// Architecture, or `noarch` (`A`).
    pub architecture: Option<String>,
    /// Name of the package that it was built from, by which advisories go (`o`). Its version is the same.
    pub origin: Option<String>,
    /// Licence, as written (`L`).
    pub licence: Option<String>,
    /// What it is, in a line (`T`).
    pub description: Option<String>,
    /// Home page, as written (`U`).
    pub homepage: Option<String>,
    /// Who maintains it (`m`).
    pub maintainer: Option<String>,
    /// Commit of the distribution that it was built from (`c`).
    pub commit: Option<String>,
    /// Digest of its control data (`C`).
    pub checksum: Option<ApkChecksum>,
    /// Size of its files, in bytes (`I`).
    pub size: Option<u64>,
    /// What it needs (`D`).
    pub depends: Vec<String>,
    /// Other names that it goes by (`p`).
    pub provides: Vec<String>,
    /// What has it installed by being there (`i`).
    pub install_if: Vec<String>,
    /// Whose files it may overwrite (`r`).
    pub replaces: Vec<String>,
    /// What it owns.
    pub folders: Vec<ApkFolder>,
}

/// A folder that a package owns, and its files there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkFolder {
    /// Its path, without a slash at the beginning; empty for the root.
    pub path: String,
    /// The names of its files, with digests where they have one.
    pub files: Vec<(String, Option<ApkChecksum>)>,
}

impl ApkPackage {
    /// Returns the name of the package that it was built from, which is its own where none is named.
    pub fn source_name(&self) -> &str {
        self.origin.as_deref().unwrap_or(&self.name)
    }

    /// Returns its package URL (purl-spec, `types/apk-definition.json`): `vendor` is the `ID` and `release` the `VERSION_ID` of the
    /// distribution.
    pub fn purl(&self, vendor: &str, release: Option<&str>) -> PackageUrl {
        let distribution = release.map(|release| format!("{vendor}-{release}")).unwrap_or_default();
        let qualifiers = [
            ("arch", self.architecture.as_deref().unwrap_or_default()),
            ("distro", &distribution),
            ("upstream", self.origin.as_deref().filter(|origin| *origin != self.name).unwrap_or_default()),
        ];
        PackageUrl::of_distribution("apk", vendor, &self.name.to_lowercase(), &self.version, &qualifiers)
    }
}
