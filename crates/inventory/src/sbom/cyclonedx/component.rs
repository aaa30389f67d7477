use crate::sbom::described::{self, Described, DescribedIndex};
use crate::sbom::licence::{self, Licence};
use crate::sbom::{identifier, purl, text};
use crate::{Catalogue, Distribution, Package};
use consign_oci::{Algorithm, Digest, StatedBase};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Most places of a package that are named.
const PLACE_LIMIT: usize = 10;

/// Returns the component of an index.
pub(super) fn of_index(index: &DescribedIndex<'_>) -> Value {
    json!({
        "type": "container",
        "bom-ref": "Index",
        "name": described::name(index.name),
        "version": index.digest.to_string(),
        "hashes": [manifest_hash(index.digest)],
    })
    .with("purl", purl::index(index))
}

/// Returns the component of an image, without what is in it; `label` is its name in a document of several.
pub(super) fn of_image(catalogue: &Catalogue, image: &Described<'_>, label: Option<&str>) -> Value {
    let layers = image.layers.iter().map(|layer| property("layer", &layer.to_string()));
    // What is in an image beside what is listed, and is not known.
    let unlisted = catalogue.unlisted.iter().map(|unlisted| property("unlisted", unlisted));
    let properties: Vec<Value> =
        [property("platform", &image.platform.to_string())].into_iter().chain(layers).chain(unlisted).collect();
    json!({
        "type": "container",
        "bom-ref": identifier::of_image(label),
        "name": described::name(image.name),
        "version": image.digest.to_string(),
        "hashes": [manifest_hash(image.digest)],
        "properties": properties,
    })
    .with("purl", purl::image(image))
    .with("pedigree", image.base.map(|base| json!({ "ancestors": [of_base(base, label)] })))
}

/// Returns the component of the image that an image is based on.
fn of_base(base: &StatedBase, label: Option<&str>) -> Value {
    let hashes = base.digest.iter().map(manifest_hash).collect();
    let layers = base.layers.map(|layers| json!([property("layers", &layers.to_string())]));
    json!({ "type": "container", "bom-ref": identifier::of_base(label), "name": described::base_name(base) })
        .with("version", base.digest.as_ref().map(Digest::to_string))
        .with("hashes", some(hashes))
        .with("purl", described::base_url(base))
        .with("properties", layers)
}

/// Returns the components of what is in an image. What a package of the distribution's brought lies in that package.
pub(super) fn contained(catalogue: &Catalogue, image: &Described<'_>, label: Option<&str>) -> Vec<Value> {
    let owners = catalogue.owners();
    let mut owned: HashMap<usize, Vec<Value>> = HashMap::new();
    for (package, owner) in catalogue.packages.iter().zip(&owners) {
        if let Some(owner) = owner {
            owned.entry(*owner).or_default().push(of_package(package, image, label));
        }
    }
    let distribution = catalogue.distribution.iter().map(|distribution| of_distribution(distribution, label));
    let alone = catalogue.packages.iter().zip(owners).enumerate().filter(|(_, (_, owner))| owner.is_none());
    let alone = alone.map(|(number, (package, _))| {
        of_package(package, image, label).with("components", owned.remove(&number).map(Value::from))
    });
    distribution.chain(alone).collect()
}

/// Returns the references of what is in an image.
pub(super) fn references(components: &[Value]) -> Vec<Value> {
    components.iter().filter_map(|component| component.get("bom-ref").cloned()).collect()
}

fn of_distribution(distribution: &Distribution, label: Option<&str>) -> Value {
    json!({
        "type": "operating-system",
        "bom-ref": identifier::of_distribution(label),
        "name": text::line(&distribution.id).unwrap_or_else(|| "distribution".to_owned()),
    })
    .with("version", distribution.version().and_then(text::line))
    .with("description", distribution.pretty_name.as_deref().and_then(text::line))
}

fn of_package(package: &Package, image: &Described<'_>, label: Option<&str>) -> Value {
    let hashes: Vec<Value> = package.checksums.iter().filter_map(|checksum| hash(checksum)).collect();
    let references = package.homepage.as_deref().and_then(text::homepage);
    let references = references.map(|url| json!([{ "type": "website", "url": url }]));
    let places = package.places.iter().take(PLACE_LIMIT);
    let occurrences: Vec<Value> = places
        .clone()
        .map(|place| {
            let inner = place.inner_path.as_ref().map(|inner| format!("!/{inner}")).unwrap_or_default();
            json!({ "location": text::line(&format!("{}{inner}", place.path)) })
                .with("additionalContext", image.layer_text(place))
        })
        .collect();
    let source = package.source.as_ref();
    let properties = [
        source.map(|source| property("source-name", &source.name)),
        source.map(|source| property("source-version", &source.version)),
        package.owner.as_deref().map(|owner| property("owner", owner)),
    ];
    let mut layers: Vec<Value> =
        places.filter_map(|place| image.layer(place)).map(|layer| property("layer", &layer.to_string())).collect();
    layers.dedup();
    let properties: Vec<Value> = properties.into_iter().flatten().chain(layers).collect();
    json!({
        "type": "library",
        "bom-ref": identifier::of_package(package, label),
        "name": text::line(&package.name).unwrap_or_else(|| "package".to_owned()),
    })
    .with("version", package.version.as_deref().and_then(text::line))
    .with("supplier", package.supplier.as_deref().and_then(text::line).map(|name| json!({ "name": name })))
    .with("description", package.description.as_deref().and_then(text::line))
    .with("hashes", some(hashes))
    .with("licenses", licences(package))
    .with("purl", Some(&package.purl).filter(|purl| !purl.is_empty()).cloned())
    .with("externalReferences", references)
    .with("evidence", some(occurrences).map(|occurrences| json!({ "occurrences": occurrences })))
    .with("properties", some(properties))
}

/// Returns the licences of a package: one expression, or a list where SPDX has no name for some.
fn licences(package: &Package) -> Option<Value> {
    let licences = licence::all(package);
    if licences.iter().all(|licence| matches!(licence, Licence::Expression(_))) {
        let expression = licence::expression(package, &mut licence::Unknown::new())?;
        return Some(json!([{ "expression": expression }]));
    }
    // An expression cannot stand beside others in a list.
    let named = licences.into_iter().map(|licence| {
        let (Licence::Expression(name) | Licence::Unknown(name)) = licence;
        json!({ "license": { "name": name } })
    });
    Some(named.collect())
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("consign:{name}"), "value": text::line(value).unwrap_or_default() })
}

fn some(list: Vec<Value>) -> Option<Value> {
    (!list.is_empty()).then_some(Value::Array(list))
}

fn manifest_hash(digest: &Digest) -> Value {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "SHA-256",
        Algorithm::Sha512 => "SHA-512",
    };
    json!({ "alg": algorithm, "content": digest.hex() })
}

/// Reads a digest such as `sha1:…`. One that CycloneDX has no word for is left out.
fn hash(text: &str) -> Option<Value> {
    let (algorithm, hex) = text.split_once(':')?;
    let (algorithm, length) = match algorithm {
        "md5" => ("MD5", 32),
        "sha1" => ("SHA-1", 40),
        "sha256" => ("SHA-256", 64),
        "sha384" => ("SHA-384", 96),
        "sha512" => ("SHA-512", 128),
        _ => return None,
    };
    let is_hex = hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| json!({ "alg": algorithm, "content": hex.to_ascii_lowercase() }))
}

/// Adds keys to an object where there is something to say.
trait With {
    fn with(self, key: &str, value: Option<impl Into<Value>>) -> Self;
}

impl With for Value {
    fn with(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let (Some(object), Some(value)) = (self.as_object_mut(), value) {
            object.insert(key.to_owned(), value.into());
        }
        self
    }
}
