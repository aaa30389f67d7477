use super::document::{
    Checksum, ExternalReference, ExtractedLicence, Package, Purpose, Relationship, RelationshipType,
};
use crate::sbom::described::{self, Described};
use crate::sbom::{identifier, licence, purl, text};
use crate::{Catalogue, Distribution, package};
use consign_oci::{Algorithm, Digest, StatedBase};

/// Most places of a package that are named.
const PLACE_LIMIT: usize = 10;

/// The elements of a document, in order.
#[derive(Default)]
pub(super) struct Elements {
    pub(super) packages: Vec<Package>,
    pub(super) relationships: Vec<Relationship>,
    unknown_licences: licence::Unknown,
}

impl Elements {
    /// Adds a package.
    pub(super) fn add(&mut self, id: &str, package: Package) {
        self.packages.push(Package { id: format!("SPDXRef-{id}"), ..package });
    }

    /// Says how two elements belong together.
    pub(super) fn relate(&mut self, from: &str, relationship_type: RelationshipType, to: &str) {
        self.relationships.push(Relationship {
            spdx_element_id: format!("SPDXRef-{from}"),
            relationship_type,
            related_spdx_element: format!("SPDXRef-{to}"),
            comment: None,
        });
    }

    /// Adds an image and all that is in it; `label` is its name in a document of several.
    pub(super) fn image(&mut self, catalogue: &Catalogue, image: &Described<'_>, label: Option<&str>) {
        let image_id = identifier::of_image(label);
        self.add(&image_id, image_package(image));
        if let Some(base) = image.base {
            let id = identifier::of_base(label);
            self.add(&id, base_package(base));
            self.relate(&image_id, RelationshipType::DescendantOf, &id);
        }
        if let Some(distribution) = &catalogue.distribution {
            let id = identifier::of_distribution(label);
            self.add(&id, distribution_package(distribution));
            self.relate(&image_id, RelationshipType::Contains, &id);
        }
        let ids: Vec<String> =
            catalogue.packages.iter().map(|package| identifier::of_package(package, label)).collect();
        for ((package, id), owner) in catalogue.packages.iter().zip(&ids).zip(catalogue.owners()) {
            let element = contained_package(package, image, &mut self.unknown_licences);
            self.add(id, element);
            // What a package of the distribution's brought is in that package.
            let owner = owner.and_then(|owner| ids.get(owner));
            self.relate(owner.unwrap_or(&image_id), RelationshipType::Contains, id);
        }
        // What is in an image beside what is listed, and is not known (clause 11.1.1, "known unknowns").
        for unlisted in &catalogue.unlisted {
            self.relationships.push(Relationship {
                spdx_element_id: format!("SPDXRef-{image_id}"),
                relationship_type: RelationshipType::Contains,
                related_spdx_element: "NOASSERTION".to_owned(),
                comment: text::line(unlisted),
            });
        }
    }

    /// Returns the licences that SPDX has no name for (clause 10).
    pub(super) fn licences(&self) -> Vec<ExtractedLicence> {
        let licence = |(id, text): (&String, &String)| ExtractedLicence {
            license_id: id.clone(),
            extracted_text: text.clone(),
            name: text.clone(),
        };
        self.unknown_licences.iter().map(licence).collect()
    }
}

/// Returns the checksum of a manifest.
pub(super) fn checksum(digest: &Digest) -> Checksum {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    Checksum { algorithm: algorithm.to_owned(), checksum_value: digest.hex().to_owned() }
}

fn image_package(image: &Described<'_>) -> Package {
    Package {
        name: described::name(image.name),
        version_info: Some(image.digest.to_string()),
        checksums: vec![checksum(image.digest)],
        external_refs: purl::image(image).map(ExternalReference::purl).into_iter().collect(),
        primary_package_purpose: Some(Purpose::Container),
        ..Package::default()
    }
}

fn base_package(base: &StatedBase) -> Package {
    Package {
        name: described::base_name(base),
        version_info: base.digest.as_ref().map(Digest::to_string),
        checksums: base.digest.iter().map(checksum).collect(),
        external_refs: described::base_url(base).map(ExternalReference::purl).into_iter().collect(),
        primary_package_purpose: Some(Purpose::Container),
        ..Package::default()
    }
}

fn distribution_package(distribution: &Distribution) -> Package {
    Package {
        name: text::line(&distribution.id).unwrap_or_else(|| "distribution".to_owned()),
        version_info: distribution.version().and_then(text::line),
        summary: distribution.pretty_name.as_deref().and_then(text::line),
        primary_package_purpose: Some(Purpose::OperatingSystem),
        ..Package::default()
    }
}

fn contained_package(package: &package::Package, image: &Described<'_>, unknown: &mut licence::Unknown) -> Package {
    Package {
        name: text::line(&package.name).unwrap_or_else(|| "package".to_owned()),
        version_info: package.version.as_deref().and_then(text::line),
        supplier: package.supplier.as_deref().and_then(text::supplier),
        checksums: package.checksums.iter().filter_map(|checksum| stated_checksum(checksum)).collect(),
        homepage: package.homepage.as_deref().and_then(text::homepage),
        source_info: text::line(&source_info(package, image)),
        license_declared: licence::expression(package, unknown).unwrap_or_else(|| "NOASSERTION".to_owned()),
        summary: package.description.as_deref().and_then(text::line),
        external_refs: Some(&package.purl)
            .filter(|purl| !purl.is_empty())
            .cloned()
            .map(ExternalReference::purl)
            .into_iter()
            .collect(),
        ..Package::default()
    }
}

/// Says where a package comes from, for people (clause 7.12).
fn source_info(package: &package::Package, image: &Described<'_>) -> String {
    let source = package.source.as_ref();
    let source = source.map(|source| format!("built from the source package {} {}", source.name, source.version));
    let places = package.places.iter().take(PLACE_LIMIT).map(|place| {
        let inner = place.inner_path.as_ref().map(|inner| format!(", {inner}")).unwrap_or_default();
        let layer = image.layer_text(place).map(|layer| format!(" ({layer})")).unwrap_or_default();
        format!("found in {}{inner}{layer}", place.path)
    });
    let more = package.places.len().saturating_sub(PLACE_LIMIT);
    let more = (more > 0).then(|| format!("and in {more} more places"));
    source.into_iter().chain(places).chain(more).collect::<Vec<_>>().join("; ")
}

/// Reads a digest such as `sha1:…`, in the words of clause 7.10. One that SPDX has no word for is left out.
fn stated_checksum(text: &str) -> Option<Checksum> {
    let (algorithm, hex) = text.split_once(':')?;
    let (algorithm, length) = match algorithm {
        "md5" => ("MD5", 32),
        "sha1" => ("SHA1", 40),
        "sha256" => ("SHA256", 64),
        "sha384" => ("SHA384", 96),
        "sha512" => ("SHA512", 128),
        _ => return None,
    };
    let is_hex = hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| Checksum { algorithm: algorithm.to_owned(), checksum_value: hex.to_ascii_lowercase() })
}
