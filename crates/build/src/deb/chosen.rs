use consign_oci::Digest;
use consign_package::deb::{PackageRecord, Release, purl};
use consign_receipt::predicate::ResourceDescriptor;
use serde::{Deserialize, Serialize};

/// A package that was chosen: enough to fetch it, without an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenPackage {
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
    pub sha256: Digest,
    /// The package as a package URL (purl-spec, type `deb`).
    pub url: String,
    /// The address of the archive that it was found at; a lock has none, and any archive with the suite will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
}

impl ChosenPackage {
    pub(super) fn new(record: &PackageRecord, suite: &str, release: &Release, archive: &str) -> Self {
        Self {
            name: record.name.clone(),
            version: record.version.to_string(),
            architecture: record.architecture.clone(),
            suite: suite.to_owned(),
            path: record.filename.clone(),
            size: record.size,
            sha256: record.sha256.clone(),
            url: package_url(record, release),
            archive: Some(archive.to_owned()),
        }
    }

    /// Returns the package as an input of a build.
    pub(crate) fn dependency(&self) -> ResourceDescriptor {
        ResourceDescriptor::named(&self.path, Some(self.url.clone()), &self.sha256)
    }
}

fn package_url(record: &PackageRecord, release: &Release) -> String {
    let distribution = release.origin.as_deref().unwrap_or("debian");
    let codename = release
        .codename
        .as_deref()
        .or(release.suite.as_deref())
        .map(|name| name.trim_end_matches("-security").trim_end_matches("-updates"));
    let source = Some((record.source_name.as_str(), &record.source_version));
    purl(distribution, codename, &record.name, &record.version, &record.architecture, source)
}
