use consign_package::deb::installed::InstalledPackage;
use consign_package::{Found, Kind, PackageUrl, UrlParts, sbom};
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
    /// Its package URL, where the file states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
    /// Its files, one on each line, where the database lists them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) files: String,
}

impl Listed {
    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let texts = [
            &self.version,
            &self.architecture,
            &self.supplier,
            &self.homepage,
            &self.description,
            &self.inner_path,
            &self.purl,
        ];
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
            purl: Some(url.to_string()),
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
        Self {
            kind: Kind::Debian,
            name: installed.name,
            version: Some(installed.version.to_string()),
            architecture: Some(installed.architecture),
            source: Some((installed.source_name, installed.source_version.to_string())),
            licences: Vec::new(),
            supplier: installed.maintainer,
            homepage: installed.homepage,
            description: installed.description,
            checksums: Vec::new(),
            inner_path: None,
            purl: None,
            files: String::new(),
        }
    }
}

/// Returns the package URL of what comes from elsewhere than the registry that its ecosystem's advisories are about.
fn elsewhere(name: &str, version: Option<&str>) -> String {
    let version = version.unwrap_or_default();
    let parts = UrlParts { kind: "generic", name, version, ..UrlParts::default() };
    PackageUrl::build(&parts).map(|url| url.to_string()).unwrap_or_default()
}

impl From<Found> for Listed {
    fn from(found: Found) -> Self {
        let purl = found.origin.as_ref().map(|_| elsewhere(&found.name, found.version.as_deref()));
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
