use super::document::{
    Checksum, CreationInfo, Document, ExternalReference, Package, Purpose, Relationship, RelationshipType,
};
use super::{SpdxError, purl, text};
use crate::{Catalogue, Distribution, package};
use consign_oci::{Algorithm, Digest, Platform};
use consign_receipt::{Receipt, Statement, predicate};
use serde_json::Value;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
/// Namespaces are only names; each ends in the digest of what the document says.
const NAMESPACE: &str = "https://consign.dev/spdx/";

/// The image that an SBOM describes.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// The image's name, such as `hello` or `ghcr.io/team/hello`.
    pub name: &'a str,
    /// Digest of the manifest of this platform.
    pub digest: &'a Digest,
    /// What it runs on.
    pub platform: &'a Platform,
    /// When the image was made, RFC 3339, from its config; never the time of now. `None`: 1970.
    pub created: Option<&'a str>,
}

/// Returns the receipt that says what is in the image with this digest, with the document that [`Catalogue::spdx`] gave.
pub fn receipt(document: Value, digest: &Digest) -> Result<Receipt, SpdxError> {
    Ok(Receipt::derived(Statement::new(digest, predicate::SBOM, document))?)
}

/// Writes the document.
pub(crate) fn document(catalogue: &Catalogue, image: &Described<'_>) -> Result<Value, SpdxError> {
    let mut packages = vec![image_package(image)];
    packages.extend(catalogue.distribution.as_ref().map(distribution_package));
    packages.extend(catalogue.packages.iter().map(contained_package));
    let mut relationships = vec![related(DOCUMENT, RelationshipType::Describes, IMAGE)];
    relationships.extend(packages[1..].iter().map(|package| related(IMAGE, RelationshipType::Contains, &package.id)));
    // What is in an image beside what is listed, and is not known (clause 11.1.1, "known unknowns").
    relationships.extend(catalogue.unlisted.iter().map(|unlisted| Relationship {
        comment: text::line(unlisted),
        ..related(IMAGE, RelationshipType::Contains, "NOASSERTION")
    }));
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT.to_owned(),
        name: text::line(image.name).unwrap_or_else(|| "image".to_owned()),
        document_namespace: String::new(),
        creation_info: CreationInfo {
            created: created(image.created)?,
            creators: vec![format!("Tool: consign-{}", env!("CARGO_PKG_VERSION"))],
        },
        packages,
        relationships,
    };
    document.document_namespace = format!("{NAMESPACE}{}", Digest::of(&serde_json::to_vec(&document)?).hex());
    Ok(serde_json::to_value(&document)?)
}

/// Returns a time as SPDX wants it: in UTC, in whole seconds (clause 6.9).
fn created(text: Option<&str>) -> Result<String, SpdxError> {
    let text = text.unwrap_or("1970-01-01T00:00:00Z");
    let time: jiff::Timestamp =
        text.parse().map_err(|source| SpdxError::Created { text: text.chars().take(100).collect(), source })?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn image_package(image: &Described<'_>) -> Package {
    let algorithm = match image.digest.algorithm() {
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    Package {
        name: text::line(image.name).unwrap_or_else(|| "image".to_owned()),
        id: IMAGE.to_owned(),
        version_info: Some(image.digest.to_string()),
        checksums: vec![Checksum { algorithm, checksum_value: image.digest.hex().to_owned() }],
        // A name that ends in a slash is none that a package URL could have.
        external_refs: purl::image(image).map(|url| ExternalReference::purl(url.to_string())).into_iter().collect(),
        primary_package_purpose: Some(Purpose::Container),
        ..Package::default()
    }
}

fn distribution_package(distribution: &Distribution) -> Package {
    Package {
        name: text::line(&distribution.id).unwrap_or_else(|| "distribution".to_owned()),
        id: "SPDXRef-OperatingSystem".to_owned(),
        version_info: distribution.version().and_then(text::line),
        summary: distribution.pretty_name.as_deref().and_then(text::line),
        primary_package_purpose: Some(Purpose::OperatingSystem),
        ..Package::default()
    }
}

fn contained_package(package: &package::Package) -> Package {
    Package {
        name: package.name.clone(),
        id: package_id(package),
        version_info: Some(package.version.clone()),
        supplier: package.maintainer.as_deref().and_then(text::supplier),
        homepage: package.homepage.as_deref().and_then(text::homepage),
        source_info: Some(format!("built from the source package {} {}", package.source_name, package.source_version)),
        summary: package.description.as_deref().and_then(text::line),
        external_refs: vec![ExternalReference::purl(package.purl.clone())],
        ..Package::default()
    }
}

/// Returns an identifier that no other package of the document has: the name for people, a hash to tell versions and architectures apart.
fn package_id(package: &package::Package) -> String {
    let whole = format!("{}\0{}\0{}", package.name, package.architecture, package.version);
    format!("SPDXRef-Package-deb-{}-{}", text::identifier(&package.name), &Digest::of(whole.as_bytes()).hex()[..16])
}

fn related(from: &str, relationship_type: RelationshipType, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type,
        related_spdx_element: to.to_owned(),
        comment: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_in_whole_seconds_of_utc() {
        for (text, expected) in [
            (None, "1970-01-01T00:00:00Z"),
            (Some("2026-02-03T04:05:06.789123Z"), "2026-02-03T04:05:06Z"),
            (Some("2026-02-03T04:05:06+02:00"), "2026-02-03T02:05:06Z"),
            (Some("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(created(text).unwrap(), expected);
        }
        assert!(matches!(created(Some("yesterday")), Err(SpdxError::Created { .. })));
    }
}
