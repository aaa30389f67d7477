//! SPDX 2.2 and 2.3.

mod document;
mod tag_value;

use super::lenient::{Said, Word};
use super::{Described, Format, Package, Sbom, SbomError, checksum, digest, digest_of_purl};
use document::{Document, Item, Relationship};
use std::collections::{HashMap, HashSet};

/// What documents call themselves.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// Stands before a source package in what trivy says of where a package is from (SPDX 2.3, clause 7.13).
pub const BUILT_FROM: &str = "built package from:";

/// Reads a document in JSON.
pub(super) fn read(contents: &[u8], version: &str) -> serde_json::Result<Sbom> {
    Ok(sbom(serde_json::from_slice(contents)?, version))
}

/// Reads a document of lines of tags and values.
pub(super) fn read_tags(contents: &[u8]) -> Result<Sbom, SbomError> {
    let (document, version) = tag_value::read(&String::from_utf8_lossy(contents))?;
    if !version.starts_with("2.") {
        return Err(SbomError::Form { form: format!("SPDX {}", super::short(&version)) });
    }
    Ok(sbom(document, &version))
}

fn sbom(document: Document, version: &str) -> Sbom {
    let relationships = &document.relationships.0;
    let mut described: HashSet<&str> = document.document_describes.0.iter().map(Word::text).collect();
    let items = || document.packages.0.iter();
    // Some documents have the name of the package that they describe.
    let is_own = |own: &&str| document.id.is_said() && items().all(|item| item.id.text() != *own);
    let own = Some(document.id.text()).filter(is_own).unwrap_or(DOCUMENT);
    described.extend(relationships.iter().filter_map(|relationship| relationship.described(own)));
    let numbers: HashMap<&str, usize> = items().enumerate().map(|(number, item)| (item.id.text(), number)).collect();
    let owned = relationships.iter().filter_map(|relationship| {
        let (whole, part) = relationship.owned()?;
        let pair = (*numbers.get(whole)?, *numbers.get(part)?);
        // What is described has all that the document lists; of a package, that is a claim, of an image or folder none.
        let is_place = ["CONTAINER", "FILE"].contains(&document.packages.0[pair.0].primary_package_purpose.text());
        let is_inner = whole != part && !(is_place && described.contains(whole));
        is_inner.then_some(pair)
    });
    let owned: Vec<_> = owned.collect();
    let is_image = |number: usize| {
        let item = document.packages.0.get(number);
        item.is_some_and(|item| item.primary_package_purpose.text() == "CONTAINER")
    };
    let images = relationships.iter().filter_map(|relationship| {
        let (whole, part) = relationship.owned().filter(|(whole, part)| described.contains(whole) && whole != part)?;
        let (index, image) = (*numbers.get(whole)?, *numbers.get(part)?);
        let id = part.strip_prefix("SPDXRef-").unwrap_or(part).to_owned();
        (is_image(index) && is_image(image)).then_some((image, id))
    });
    let images: Vec<_> = images.collect();
    let unlisted = relationships.iter().filter_map(Relationship::unlisted).collect();
    let own_licences = document.has_extracted_licensing_infos.0.into_iter();
    let own_licences =
        own_licences.filter_map(|own| Some((own.license_id.0?, own.name.said().or(own.extracted_text.said())?)));
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
    Sbom {
        format: Format::Spdx(super::short(version)),
        tools: document.creation_info.creators.0.iter().filter_map(|creator| tool(creator.text())).collect(),
        described,
        packages,
        owned,
        images,
        own_licences: own_licences.collect(),
        unlisted,
    }
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
    /// Returns what the document, by its name, says it describes.
    fn described(&self, document: &str) -> Option<&str> {
        let (from, to) = (self.spdx_element_id.text(), self.related_spdx_element.text());
        match self.relationship_type.text() {
            "DESCRIBES" if from == document => Some(to),
            "DESCRIBED_BY" if to == document => Some(from),
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
        source: built_from(item.source_info.text()),
        purpose: item.primary_package_purpose.0.map(|purpose| purpose.to_lowercase().replace('_', "-")),
        is_described,
    })
}

/// Returns a supplier without the word that says what it is (clause 7.5).
fn supplier_name(text: &str) -> &str {
    ["Person:", "Organization:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text).trim()
}

/// Returns the name of a program among the creators, which stands before its version (clause 6.8): `Tool: syft-1.18.1`.
fn tool(creator: &str) -> Option<String> {
    let text = creator.strip_prefix("Tool:")?.trim();
    let is_version = |text: &str| text.trim_start_matches('v').starts_with(|letter: char| letter.is_ascii_digit());
    let name = text.rsplit_once('-').filter(|(_, version)| is_version(version)).map_or(text, |(name, _)| name);
    (!name.is_empty()).then(|| name.to_lowercase())
}

fn built_from(words: &str) -> Option<(String, Option<String>)> {
    let mut words = words.strip_prefix(BUILT_FROM)?.split_whitespace().map(str::to_owned);
    Some((words.next()?, words.next()))
}
