use crate::purl;
use consign_package::apk::installed::ApkPackage;
use consign_package::deb::{self, installed::InstalledPackage};
use consign_package::rpm::RpmPackage;
use consign_package::{Found, Kind, PackageUrl, sbom};
use serde::{Deserialize, Serialize};

/// A package that a file of a layer says is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Listed {
    /// Whose package it is.
    #[serde(with = "kind_text")]
    pub(crate) kind: Kind,
    /// Its name, as advisories have it.
    pub(crate) name: String,
    /// Its version; `None`: nothing says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Its architecture, in the distribution's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) architecture: Option<String>,
    /// Name and version of the source package that it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<(String, String)>,
    /// Its licences, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) licences: Vec<String>,
    /// Who made it, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) supplier: Option<String>,
    /// Its home page, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) homepage: Option<String>,
    /// What it is, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Digests of it, as `algorithm:hex`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) checksums: Vec<String>,
    /// Where it lies in the file that lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inner_path: Option<String>,
    /// Its package URL; of a distribution's package as it is in the usual one. Empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) purl: String,
    /// Its files, one on each line, where the database lists them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) files: String,
}

impl Listed {
    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let texts =
            [&self.version, &self.architecture, &self.supplier, &self.homepage, &self.description, &self.inner_path];
        let texts = texts.iter().filter_map(|text| text.as_ref()).chain(&self.licences).chain(&self.checksums);
        let source = self.source.as_ref().map_or(0, |(name, version)| name.len() + version.len());
        size_of::<Self>()
            + self.name.len()
            + self.files.len()
            + source
            + texts.map(|text| text.len() + 24).sum::<usize>()
    }
}

impl Listed {
    /// Takes a package of an SBOM. What has no package URL of a known type is no package that anything is known of.
    pub(crate) fn of_sbom(package: sbom::Package) -> Option<Self> {
        let is_other = matches!(package.purpose.as_deref(), Some("container" | "operating-system" | "file"));
        let urls = package.purls.iter().filter_map(|purl| purl.parse::<PackageUrl>().ok());
        let known = |url: PackageUrl| Some((Kind::ALL.into_iter().find(|kind| kind.purl_type() == url.kind())?, url));
        let (kind, url) = urls.filter(|_| !is_other).find_map(known)?;
        Some(Self {
            kind,
            name: name_of(kind, &url),
            version: url.version().map(str::to_owned).or(package.version),
            architecture: url.qualifier("arch").map(str::to_owned),
            source: None,
            licences: package.licences,
            supplier: package.supplier,
            homepage: package.homepage,
            description: None,
            checksums: package.checksums,
            inner_path: None,
            purl: url.to_string(),
            files: String::new(),
        })
    }
}

/// Returns the name of a package as its ecosystem writes it in advisories.
fn name_of(kind: Kind, url: &PackageUrl) -> String {
    match (kind, url.namespace()) {
        (Kind::Maven, Some(group)) => format!("{group}:{}", url.name()),
        (Kind::Npm | Kind::Go | Kind::Composer, Some(namespace)) => format!("{namespace}/{}", url.name()),
        _ => url.name().to_owned(),
    }
}

impl From<InstalledPackage> for Listed {
    fn from(installed: InstalledPackage) -> Self {
        let InstalledPackage { name, version, architecture, source_name, source_version, .. } = installed;
        let purl = deb::purl("debian", None, &name, &version, &architecture, Some((&source_name, &source_version)));
        Self {
            kind: Kind::Debian,
            name,
            version: Some(version.to_string()),
            architecture: Some(architecture),
            source: Some((source_name, source_version.to_string())),
            licences: Vec::new(),
            supplier: installed.maintainer,
            homepage: installed.homepage,
            description: installed.description,
            checksums: Vec::new(),
            inner_path: None,
            purl,
            files: String::new(),
        }
    }
}

impl From<ApkPackage> for Listed {
    fn from(package: ApkPackage) -> Self {
        let mut files = String::new();
        for folder in &package.folders {
            folder.files.iter().for_each(|(name, _)| files.push_str(&format!("{}/{name}\n", folder.path)));
        }
        Self {
            purl: package.purl("alpine", None).to_string(),
            source: Some((package.source_name().to_owned(), package.version.clone())),
            kind: Kind::Alpine,
            name: package.name,
            version: Some(package.version),
            architecture: package.architecture,
            licences: package.licence.into_iter().collect(),
            supplier: package.maintainer,
            homepage: package.homepage,
            description: package.description,
            // What it is a digest of, the control data, is no file that anybody has.
            checksums: Vec::new(),
            inner_path: None,
            files,
        }
    }
}

impl From<RpmPackage> for Listed {
    fn from(package: RpmPackage) -> Self {
        let mut files = String::new();
        package.files.iter().for_each(|(folder, name)| files.push_str(&format!("{folder}{name}\n")));
        Self {
            purl: package.purl("redhat", None).to_string(),
            kind: Kind::Rpm,
            version: Some(package.full_version()),
            name: package.name,
            architecture: package.architecture,
            source: package.source.map(|source| (source.name, source.version)),
            licences: package.licence.into_iter().collect(),
            supplier: package.vendor.or(package.packager),
            homepage: package.homepage,
            description: package.summary,
            checksums: package.checksums,
            inner_path: None,
            files,
        }
    }
}

impl From<Found> for Listed {
    fn from(found: Found) -> Self {
        let (version, platform) =
            (found.version.as_deref().unwrap_or_default(), found.platform.as_deref().unwrap_or_default());
        let purl = purl::of_language(found.kind, &found.name, version, platform, found.origin.is_some());
        Self {
            kind: found.kind,
            name: found.name,
            version: found.version,
            architecture: found.platform,
            source: None,
            licences: found.licences,
            supplier: found.supplier,
            homepage: found.homepage,
            description: found.description,
            purl,
            checksums: found.checksums,
            inner_path: found.inner_path,
            files: String::new(),
        }
    }
}

/// Kinds as the types of package URLs.
pub(crate) mod kind_text {
    use consign_package::Kind;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.purl_type())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Kind::ALL.into_iter().find(|kind| kind.purl_type() == text);
        known.ok_or_else(|| D::Error::custom(format!("`{text}` is no kind of packages")))
    }
}
