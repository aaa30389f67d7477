use consign_package::deb::installed::InstalledPackage;
use consign_package::{Found, Kind};
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
            files: String::new(),
        }
    }
}

impl From<Found> for Listed {
    fn from(found: Found) -> Self {
        Self {
            kind: found.kind,
            name: found.name,
            version: found.version,
            architecture: None,
            source: None,
            licences: found.licences,
            supplier: found.supplier,
            homepage: found.homepage,
            description: found.description,
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
