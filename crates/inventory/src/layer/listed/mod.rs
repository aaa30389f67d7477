//! Packages, as files of a layer list them.

mod of_distribution;
mod of_language;
mod of_sbom;

use consign_package::Kind;
use serde::{Deserialize, Serialize};

/// A package that a file of a layer says is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Listed {
    /// Whose package it is.
    #[serde(with = "kind_text")]
    pub(crate) kind: Kind,
    /// Its name, as advisories have it; of an SBOM's as its package URL has it.
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
    /// Whether a document says that it is there, and nothing of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_stated: bool,
    /// Its files, one on each line as `owned` has them, where the database lists them.
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
            + self.purl.len()
            + self.files.len()
            + source
            + texts.map(|text| text.len() + 24).sum::<usize>()
    }
}

/// A package of a kind of which nothing is known. Others are made of it.
impl Default for Listed {
    fn default() -> Self {
        Self {
            kind: Kind::Other,
            name: String::new(),
            version: None,
            architecture: None,
            source: None,
            licences: Vec::new(),
            supplier: None,
            homepage: None,
            description: None,
            checksums: Vec::new(),
            inner_path: None,
            purl: String::new(),
            is_stated: false,
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
        let known = Kind::ALL.into_iter().chain([Kind::Other]).find(|kind| kind.purl_type() == text);
        known.ok_or_else(|| D::Error::custom(format!("`{text}` is no kind of packages")))
    }
}
