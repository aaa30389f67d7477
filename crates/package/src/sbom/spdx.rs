//! SPDX 2.2 and 2.3.

use super::lenient::{List, Said, Word};
use super::{Described, Format, Package, Sbom, checksum, digest, digest_of_purl};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    name: Word,
    #[serde(default)]
    document_describes: List<Word>,
    #[serde(default)]
    packages: List<Item>,
    #[serde(default)]
    relationships: List<Relationship>,
}

/// A package (clause 7).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item {
    #[serde(rename = "SPDXID")]
    id: Word,
    name: Word,
    version_info: Word,
    supplier: Word,
    originator: Word,
    homepage: Word,
    license_declared: Word,
    license_concluded: Word,
    primary_package_purpose: Word,
    checksums: List<Checksum>,
    external_refs: List<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    #[serde(default)]
    algorithm: Word,
    #[serde(default)]
    checksum_value: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: Word,
    #[serde(default)]
    reference_locator: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    #[serde(default)]
    spdx_element_id: Word,
    #[serde(default)]
    relationship_type: Word,
    #[serde(default)]
    related_spdx_element: Word,
    #[serde(default)]
    comment: Word,
}

impl Said for Item {
    fn is_said(&self) -> bool {
        self.name.is_said()
    }
}

impl Said for Checksum {
    fn is_said(&self) -> bool {
        self.checksum_value.is_said()
    }
}

impl Said for Reference {
    fn is_said(&self) -> bool {
        self.reference_type.text() == "purl" && self.reference_locator.is_said()
    }
}

impl Said for Relationship {
    /// Relationships of files are most of many documents, and not asked for.
    fn is_said(&self) -> bool {
        let is_file = |word: &Word| word.text().starts_with("SPDXRef-File");
        let kinds = ["DESCRIBES", "DESCRIBED_BY", "CONTAINS", "CONTAINED_BY", "OTHER"];
        kinds.contains(&self.relationship_type.text())
            && !is_file(&self.spdx_element_id)
            && !is_file(&self.related_spdx_element)
    }
}

pub(super) fn read(contents: &[u8], version: &str) -> serde_json::Result<Sbom> {
    let document: Document = serde_json::from_slice(contents)?;
    let relationships = &document.relationships.0;
    let mut described: HashSet<&str> = document.document_describes.0.iter().map(Word::text).collect();
    described.extend(relationships.iter().filter_map(Relationship::described));
    let items = document.packages.0.iter();
    let numbers: HashMap<&str, usize> = items.enumerate().map(|(number, item)| (item.id.text(), number)).collect();
    let owned = relationships.iter().filter_map(|relationship| {
        let (whole, part) = relationship.owned()?;
        let is_inner = !described.contains(whole) && whole != part;
        let pair = (*numbers.get(whole)?, *numbers.get(part)?);
        is_inner.then_some(pair)
    });
    let owned = owned.collect();
    let unlisted = relationships.iter().filter_map(Relationship::unlisted).collect();
    let is_described: Vec<bool> = document.packages.0.iter().map(|item| described.contains(item.id.text())).collect();
    let packages = document.packages.0.into_iter().zip(is_described);
    let packages: Vec<Package> = packages.filter_map(|(item, is_described)| package(item, is_described)).collect();
    let described = packages.iter().find(|package| package.is_described).map_or_else(
        || Described { name: document.name.0.clone(), version: None, digest: None },
        |package| Described {
            name: Some(package.name.clone()),
            version: package.version.clone(),
            digest: digest_of(package),
        },
    );
    let described = Some(described).filter(|described| described.name.is_some());
    Ok(Sbom { format: Format::Spdx(super::short(version)), described, packages, owned, unlisted })
}

/// Returns the digest of an image, wherever writers of documents put it.
fn digest_of(package: &Package) -> Option<String> {
    let texts = package.version.iter().chain([&package.name]);
    let named = texts.filter_map(|text| digest(text.rsplit('@').next().unwrap_or_default()));
    let purls = package.purls.iter().filter_map(|purl| digest_of_purl(purl));
    let is_container = package.purpose.as_deref() == Some("container");
    let sums = package.checksums.iter().filter(|_| is_container).filter_map(|sum| digest(sum));
    sums.chain(named).chain(purls).next()
}

impl Relationship {
    /// Returns what the document says it describes.
    fn described(&self) -> Option<&str> {
        let (from, to) = (self.spdx_element_id.text(), self.related_spdx_element.text());
        match self.relationship_type.text() {
            "DESCRIBES" if from == DOCUMENT => Some(to),
            "DESCRIBED_BY" if to == DOCUMENT => Some(from),
            _ => None,
        }
    }

    /// Returns a whole and its part, if this says that one is the other's. syft says it of files in a comment.
    fn owned(&self) -> Option<(&str, &str)> {
        let (from, to) = (self.spdx_element_id.text(), self.related_spdx_element.text());
        match self.relationship_type.text() {
            "CONTAINS" => Some((from, to)),
            "CONTAINED_BY" => Some((to, from)),
            "OTHER" if self.comment.text().starts_with("ownership-by-file-overlap") => Some((from, to)),
            _ => None,
        }
    }

    /// Returns, in words, where nobody knows what is there (clause 11.1.1).
    fn unlisted(&self) -> Option<String> {
        let is_open = self.relationship_type.text() == "CONTAINS" && self.related_spdx_element.text() == "NOASSERTION";
        is_open.then(|| self.comment.0.clone().unwrap_or_else(|| "what is not listed".to_owned()))
    }
}

fn package(item: Item, is_described: bool) -> Option<Package> {
    let supplier = item.supplier.said().or(item.originator.said());
    Some(Package {
        name: item.name.0?,
        group: None,
        version: item.version_info.said(),
        purls: item.external_refs.0.into_iter().filter_map(|reference| reference.reference_locator.0).collect(),
        licences: item.license_declared.said().or(item.license_concluded.said()).into_iter().collect(),
        supplier: supplier.map(|supplier| supplier_name(&supplier).to_owned()),
        homepage: item.homepage.said(),
        checksums: item
            .checksums
            .0
            .iter()
            .filter_map(|sum| checksum(sum.algorithm.text(), sum.checksum_value.text()))
            .collect(),
        purpose: item.primary_package_purpose.0.map(|purpose| purpose.to_lowercase().replace('_', "-")),
        is_described,
    })
}

/// Returns a supplier without the word that says what it is (clause 7.5).
fn supplier_name(text: &str) -> &str {
    ["Person:", "Organization:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text).trim()
}
