//! CycloneDX 1.2 and later.

mod document;

use super::lenient::LIST_LIMIT;
use super::{Described, Format, Package, Sbom, checksum, digest, digest_of_purl};
use document::{Choice, Component, Document, Property, SOURCE};
use serde::de::Error;
use std::collections::BTreeMap;

/// The type of images.
const IMAGE: &str = "container";

pub(super) fn read(contents: &[u8]) -> serde_json::Result<Sbom> {
    let document: Document = serde_json::from_slice(contents)?;
    let mut sbom = Sbom {
        format: Format::CycloneDx(super::short(document.spec_version.text())),
        tools: Vec::new(),
        described: None,
        packages: Vec::new(),
        owned: Vec::new(),
        images: Vec::new(),
        own_licences: BTreeMap::new(),
        unlisted: document.compositions.0.into_iter().filter_map(|composition| composition.aggregate.0).collect(),
    };
    if let Some(metadata) = document.metadata {
        sbom.tools = metadata.tools.0.0.iter().map(|tool| tool.name.text().to_lowercase()).collect();
        if let Some(component) = metadata.component {
            sbom.described = described(&component);
            add(component, None, true, &mut sbom)?;
        }
    }
    let is_of_image = sbom.packages.first().is_some_and(is_image);
    for component in document.components.0 {
        let (number, id) = (sbom.packages.len(), component.id.text().to_owned());
        let is_inner_image = is_of_image && component.kind.text() == IMAGE && component.name.0.is_some();
        sbom.images.extend(is_inner_image.then_some((number, id)));
        add(component, None, false, &mut sbom)?;
    }
    Ok(sbom)
}

fn is_image(package: &Package) -> bool {
    package.purpose.as_deref() == Some(IMAGE)
}

/// Adds a component with all that is in it. The document's depth is bounded, and so is that of these calls.
fn add(component: Component, whole: Option<usize>, is_described: bool, sbom: &mut Sbom) -> serde_json::Result<()> {
    if sbom.packages.len() == LIST_LIMIT {
        return Err(serde_json::Error::custom(format_args!("more than {LIST_LIMIT} components")));
    }
    let (package, parts) = package(component, is_described);
    let number = sbom.packages.len();
    let own = package.map(|package| {
        sbom.owned.extend(whole.map(|whole| (whole, number)));
        sbom.packages.push(package);
        number
    });
    // What the document describes has all of it; that says nothing of files.
    let whole = if is_described { None } else { own.or(whole) };
    parts.into_iter().try_for_each(|part| add(part, whole, false, sbom))
}

fn package(component: Component, is_described: bool) -> (Option<Package>, Vec<Component>) {
    let parts = component.components.0;
    let Some(name) = component.name.0 else { return (None, parts) };
    let licence =
        |choice: Choice| choice.expression.0.or_else(|| choice.license.and_then(|named| named.id.0.or(named.name.0)));
    let supplier =
        component.supplier.and_then(|supplier| supplier.name.0).or(component.publisher.0).or(component.author.0);
    let author = component.authors.0.into_iter().find_map(|author| author.name.0);
    let package = Package {
        name,
        group: component.group.0,
        version: component.version.0,
        purls: component.purl.0.into_iter().collect(),
        licences: component.licenses.0.into_iter().filter_map(licence).collect(),
        supplier: supplier.or(author),
        homepage: component.external_references.0.into_iter().find_map(|reference| reference.url.0),
        checksums: component
            .hashes
            .0
            .iter()
            .filter_map(|hash| checksum(hash.alg.text(), hash.content.text()))
            .collect(),
        source: source(&component.properties.0),
        purpose: component.kind.0,
        is_described,
    };
    (Some(package), parts)
}

/// Returns the source package that trivy names, in parts.
fn source(properties: &[Property]) -> Option<(String, Option<String>)> {
    let part = |name: &str| {
        let named = properties.iter().find(|property| property.name.text().strip_prefix(SOURCE) == Some(name));
        named.map(|property| property.value.text())
    };
    let epoch = part("Epoch").filter(|epoch| *epoch != "0").map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let release = part("Release").map(|release| format!("-{release}")).unwrap_or_default();
    Some((part("Name")?.to_owned(), part("Version").map(|version| format!("{epoch}{version}{release}"))))
}

fn described(component: &Component) -> Option<Described> {
    let name = component.name.0.clone()?;
    let version = component.version.0.clone();
    let of_text = |text: &str| digest(text.rsplit('@').next().unwrap_or_default());
    let of_version = version.as_deref().and_then(of_text);
    let digest = of_version.or_else(|| of_text(&name)).or_else(|| digest_of_purl(component.purl.text()));
    Some(Described { name: Some(name), version, digest })
}
