use crate::Distribution;
use crate::layer::{Listed, kind_text};
use crate::purl;
use consign_package::Kind;
use serde::{Deserialize, Serialize};

/// A package that is in an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Whose package it is.
    #[serde(with = "kind_text")]
    pub kind: Kind,
    /// Its architecture, in the distribution's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Its version; `None`: nothing says, which is not the same as any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The source package that it was built from, where the distribution has such. Advisories are about source packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Its licences, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// Who made it, as written: `Name <address>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Its home page, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What it is, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Digests of it, as `algorithm:hex`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
    /// Its package URL.
    pub purl: String,
    /// Where it was found, sorted.
    pub places: Vec<Place>,
    /// Package URL of the distribution's package that brought it. Then it is for the distribution to say what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether a document says that it is there, and nothing of its own.
    #[serde(skip)]
    pub(crate) is_stated: bool,
    /// Its files with their digests, one on each line, where its database lists them.
    #[serde(skip)]
    pub(crate) files: String,
    /// Since which layer they are listed.
    #[serde(skip)]
    pub(crate) files_since: u32,
}

/// A source package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Where a package was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file that shows it to be there: a database, or one of its own.
    pub path: String,
    /// Where it lies in that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_path: Option<String>,
    /// The layer that brought it, counted from 0, the lowest.
    pub layer: u32,
}

impl Package {
    /// Makes the record of a package. The distribution is given where its own database lists the package: what others state stays as it is stated.
    pub(crate) fn new(listed: Listed, distribution: Option<&Distribution>, place: Place) -> Self {
        let purl = purl::in_distribution(&listed.purl, listed.kind, distribution);
        Self {
            name: listed.name,
            kind: listed.kind,
            architecture: listed.architecture,
            version: listed.version,
            source: listed.source.map(|(name, version)| Source { name, version }),
            licences: listed.licences,
            supplier: listed.supplier,
            homepage: listed.homepage,
            description: listed.description,
            checksums: listed.checksums,
            purl,
            places: vec![place],
            owner: None,
            is_stated: listed.is_stated,
            files: listed.files,
            files_since: 0,
        }
    }

    /// Takes over where the same package was found too, and what is said of it there alone.
    pub(crate) fn join(&mut self, mut other: Self) {
        // What is there counts more than what a document says of it.
        if self.is_stated && !other.is_stated {
            std::mem::swap(self, &mut other);
        }
        self.places.append(&mut other.places);
        self.supplier = self.supplier.take().or(other.supplier);
        self.homepage = self.homepage.take().or(other.homepage);
        self.description = self.description.take().or(other.description);
        let is_said = other.is_stated && !self.is_stated && !self.licences.is_empty();
        for licence in other.licences.into_iter().filter(|_| !is_said) {
            if !self.licences.contains(&licence) {
                self.licences.push(licence);
            }
        }
        for checksum in other.checksums {
            if !self.checksums.contains(&checksum) {
                self.checksums.push(checksum);
            }
        }
    }

    /// Sorts the places, and keeps each once.
    pub(crate) fn sort_places(&mut self) {
        self.places.sort();
        self.places.dedup();
    }

    /// Returns its version, or nothing where none is known.
    pub fn version_text(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }
}
