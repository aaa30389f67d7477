//! Documents of lines of tags and values (SPDX 2.3, clauses 6 to 11): Bitnami's images have them beside their programs.

use super::document::{Checksum, Document, Extracted, Item, Reference, Relationship};
use crate::sbom::SbomError;
use crate::sbom::lenient::{LIST_LIMIT, Said, Word};

/// Reads a document, and its version as written.
pub(super) fn read(text: &str) -> Result<(Document, String), SbomError> {
    let mut document = Document::default();
    let mut version = String::new();
    // Whether the last relationship is, so that its comment is about it.
    let mut is_kept = false;
    for (number, line) in values(text) {
        let (tag, value) = line?;
        let word = Word::new(&value);
        let package = document.packages.0.last_mut();
        match (tag, package) {
            ("SPDXVersion", _) => version = value.strip_prefix("SPDX-").unwrap_or(&value).to_owned(),
            ("DocumentName", _) => document.name = word,
            ("Creator", _) => document.creation_info.creators.0.push(word),
            ("PackageName", _) => document.packages.0.push(Item { name: word, ..Item::default() }),
            // Those of files come before the first package, or stand behind a file's name.
            ("SPDXID", None) => document.id = word,
            ("SPDXID", Some(package)) if !package.id.is_said() => package.id = word,
            ("PackageVersion", Some(package)) => package.version_info = word,
            ("PackageSupplier", Some(package)) => package.supplier = word,
            ("PackageOriginator", Some(package)) => package.originator = word,
            ("PackageHomePage", Some(package)) => package.homepage = word,
            ("PackageSourceInfo", Some(package)) => package.source_info = word,
            ("PackageLicenseDeclared", Some(package)) => package.license_declared = word,
            ("PackageLicenseConcluded", Some(package)) => package.license_concluded = word,
            ("PrimaryPackagePurpose", Some(package)) => package.primary_package_purpose = word,
            ("PackageChecksum", Some(package)) => {
                let (algorithm, value) = value.split_once(':').unwrap_or_default();
                let sum = Checksum { algorithm: Word::new(algorithm), checksum_value: Word::new(value) };
                package.checksums.0.push(sum);
            }
            ("ExternalRef", Some(package)) => package.external_refs.0.extend(reference(&value)),
            ("Relationship", _) => {
                let relationship = relationship(&value);
                is_kept = relationship.is_some();
                document.relationships.0.extend(relationship);
            }
            ("RelationshipComment", _) => {
                if let Some(relationship) = document.relationships.0.last_mut().filter(|_| is_kept) {
                    relationship.comment = word;
                }
            }
            ("LicenseID", _) => {
                let own = Extracted { license_id: word, ..Extracted::default() };
                document.has_extracted_licensing_infos.0.push(own);
            }
            ("LicenseName" | "ExtractedText", _) => {
                if let Some(own) = document.has_extracted_licensing_infos.0.last_mut() {
                    *if tag == "LicenseName" { &mut own.name } else { &mut own.extracted_text } = word;
                }
            }
            _ => {}
        }
        if document.packages.0.len() > LIST_LIMIT {
            return Err(SbomError::Line { line: number, problem: "more packages than any image has" });
        }
    }
    document.packages.0.retain(Said::is_said);
    Ok((document, version))
}

/// Returns each tag with its value and the number of its line, counted from 1. A value in `<text>` may have several lines.
fn values(text: &str) -> impl Iterator<Item = (usize, Result<(&str, String), SbomError>)> {
    let mut lines = text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (number, line) = lines.next()?;
            let number = number + 1;
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let fail = |problem| Some((number, Err(SbomError::Line { line: number, problem })));
            let Some((tag, value)) = line.split_once(':') else { return fail("neither `Tag: value` nor a comment") };
            let mut value = value.trim().to_owned();
            if let Some(start) = value.strip_prefix("<text>") {
                let mut whole = start.to_owned();
                while !whole.ends_with("</text>") {
                    let Some((_, next)) = lines.next() else { return fail("a `<text>` that does not end") };
                    whole.push('\n');
                    whole.push_str(next.trim_end());
                }
                value = whole.trim_end_matches("</text>").to_owned();
            }
            return Some((number, Ok((tag.trim(), value))));
        }
    })
}

/// Reads `CATEGORY TYPE LOCATOR`, if it is a package URL.
fn reference(value: &str) -> Option<Reference> {
    let mut words = value.split_whitespace().skip(1);
    let reference = Reference { reference_type: Word::new(words.next()?), reference_locator: Word::new(words.next()?) };
    reference.is_said().then_some(reference)
}

/// Reads `ELEMENT TYPE ELEMENT`, if it is one that is asked for.
fn relationship(value: &str) -> Option<Relationship> {
    let mut words = value.split_whitespace();
    let relationship = Relationship {
        spdx_element_id: Word::new(words.next()?),
        relationship_type: Word::new(words.next()?),
        related_spdx_element: Word::new(words.next()?),
        comment: Word::default(),
    };
    relationship.is_said().then_some(relationship)
}
