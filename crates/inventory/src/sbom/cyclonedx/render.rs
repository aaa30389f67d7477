use super::component::{contained, of_image, of_index, references};
use crate::Catalogue;
use crate::sbom::described::{self, Described, DescribedIndex};
use crate::sbom::{SbomError, identifier};
use consign_oci::Digest;
use serde_json::{Value, json};

const SCHEMA: &str = "http://cyclonedx.org/schema/bom-1.6.schema.json";

/// Writes the document of one platform.
pub(crate) fn document(catalogue: &Catalogue, image: &Described<'_>) -> Result<Value, SbomError> {
    let components = contained(catalogue, image, None);
    let own = of_image(catalogue, image, None);
    let dependencies = vec![depends(&own, &components)];
    write(described::time(image.created)?, own, components, dependencies)
}

/// Returns the CycloneDX 1.6 document of an index: in it are the images of its platforms, and in them their packages.
pub fn index(index: &DescribedIndex<'_>, platforms: &[(Described<'_>, &Catalogue)]) -> Result<Value, SbomError> {
    let own = of_index(index);
    let mut images = Vec::new();
    let mut dependencies = Vec::new();
    let described: Vec<Described<'_>> = platforms.iter().map(|(image, _)| *image).collect();
    for ((image, catalogue), label) in platforms.iter().zip(identifier::labels(&described)) {
        let components = contained(catalogue, image, Some(&label));
        let mut component = of_image(catalogue, image, Some(&label));
        dependencies.push(depends(&component, &components));
        component["components"] = components.into();
        images.push(component);
    }
    dependencies.insert(0, depends(&own, &images));
    write(described::newest(platforms.iter().map(|(image, _)| image.created))?, own, images, dependencies)
}

fn depends(component: &Value, on: &[Value]) -> Value {
    json!({ "ref": component["bom-ref"], "dependsOn": references(on) })
}

fn write(time: String, own: Value, components: Vec<Value>, dependencies: Vec<Value>) -> Result<Value, SbomError> {
    let tool = json!({ "type": "application", "name": "consign", "version": env!("CARGO_PKG_VERSION") });
    sealed(json!({
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time, "tools": { "components": [tool] }, "component": own },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Names a document by all that stands in it beside.
pub(super) fn sealed(mut document: Value) -> Result<Value, SbomError> {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("serialNumber");
    }
    document["serialNumber"] = serial_number(&Digest::of(&serde_json::to_vec(&document)?)).into();
    Ok(document)
}

/// Returns the name of the document that has this digest (RFC 9562, section 5.8: a UUID of one's own making).
fn serial_number(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_of_the_form() {
        let number = serial_number(&Digest::of(b""));
        assert_eq!(number, "urn:uuid:e3b0c442-98fc-8c14-aafb-f4c8996fb924");
    }
}
