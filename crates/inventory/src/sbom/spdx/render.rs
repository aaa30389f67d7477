use super::document::{CreationInfo, Document, ExternalReference, Package, Purpose, RelationshipType};
use super::elements::{Elements, checksum};
use crate::Catalogue;
use crate::sbom::described::{self, Described, DescribedIndex};
use crate::sbom::{SbomError, identifier, purl};
use consign_oci::Digest;
use serde_json::Value;

const DOCUMENT: &str = "DOCUMENT";
const INDEX: &str = "Index";
/// Namespaces are only names; each ends in the digest of what the document says.
const NAMESPACE: &str = "https://consign.dev/spdx/";

/// Writes the document of one platform.
pub(crate) fn document(catalogue: &Catalogue, image: &Described<'_>) -> Result<Value, SbomError> {
    let mut elements = Elements::default();
    elements.relate(DOCUMENT, RelationshipType::Describes, &identifier::of_image(None));
    elements.image(catalogue, image, None);
    write(image.name, described::time(image.created)?, elements)
}

/// Returns the SPDX 2.3 document of an index: it contains the images of its platforms, and they contain their packages.
pub fn index(index: &DescribedIndex<'_>, platforms: &[(Described<'_>, &Catalogue)]) -> Result<Value, SbomError> {
    let mut elements = Elements::default();
    elements.relate(DOCUMENT, RelationshipType::Describes, INDEX);
    elements.add(
        INDEX,
        Package {
            name: described::name(index.name),
            version_info: Some(index.digest.to_string()),
            checksums: vec![checksum(index.digest)],
            external_refs: purl::index(index).map(ExternalReference::purl).into_iter().collect(),
            primary_package_purpose: Some(Purpose::Container),
            ..Package::default()
        },
    );
    let images: Vec<Described<'_>> = platforms.iter().map(|(image, _)| *image).collect();
    for ((image, catalogue), label) in platforms.iter().zip(identifier::labels(&images)) {
        elements.relate(INDEX, RelationshipType::Contains, &identifier::of_image(Some(&label)));
        elements.image(catalogue, image, Some(&label));
    }
    write(index.name, described::newest(platforms.iter().map(|(image, _)| image.created))?, elements)
}

fn write(name: &str, created: String, elements: Elements) -> Result<Value, SbomError> {
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: format!("SPDXRef-{DOCUMENT}"),
        name: described::name(name),
        document_namespace: String::new(),
        creation_info: CreationInfo { created, creators: vec![format!("Tool: consign-{}", env!("CARGO_PKG_VERSION"))] },
        has_extracted_licensing_infos: elements.licences(),
        packages: elements.packages,
        relationships: elements.relationships,
    };
    document.document_namespace = format!("{NAMESPACE}{}", Digest::of(&serde_json::to_vec(&document)?).hex());
    Ok(serde_json::to_value(&document)?)
}
