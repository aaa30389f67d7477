//! syft's own JSON.

use super::lenient::{List, Said, Word};
use super::{Described, Format, Package, Sbom, digest};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    artifacts: List<Artifact>,
    #[serde(default)]
    artifact_relationships: List<Relationship>,
    source: Option<Source>,
    schema: Option<Schema>,
    descriptor: Option<Descriptor>,
}

/// The program that wrote the document.
#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    name: Word,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    version: Word,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Artifact {
    id: Word,
    name: Word,
    version: Word,
    #[serde(rename = "type")]
    kind: Word,
    purl: Word,
    licenses: List<Licence>,
}

/// A licence: once a text, now an object.
struct Licence(Option<String>);

#[derive(Deserialize)]
struct Relationship {
    #[serde(default)]
    parent: Word,
    #[serde(default)]
    child: Word,
    #[serde(rename = "type", default)]
    kind: Word,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    name: Word,
    #[serde(default)]
    version: Word,
    /// What the source is; older ones have all of it in `target`.
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    target: Value,
}

impl<'de> Deserialize<'de> for Licence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer).map_err(D::Error::custom)?;
        let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let field = |name: &str| value.get(name).and_then(text);
        Ok(Self(text(&value).or_else(|| field("spdxExpression")).or_else(|| field("value"))))
    }
}

impl Said for Artifact {
    fn is_said(&self) -> bool {
        self.name.is_said()
    }
}

impl Said for Licence {
    fn is_said(&self) -> bool {
        self.0.is_some()
    }
}

impl Said for Relationship {
    fn is_said(&self) -> bool {
        self.kind.text() == "ownership-by-file-overlap"
    }
}

pub(super) fn read(contents: &[u8]) -> serde_json::Result<Sbom> {
    let document: Document = serde_json::from_slice(contents)?;
    let artifacts = document.artifacts.0;
    let numbers: HashMap<&str, usize> =
        artifacts.iter().enumerate().map(|(number, artifact)| (artifact.id.text(), number)).collect();
    let pair = |relationship: &Relationship| {
        let (whole, part) = (numbers.get(relationship.parent.text())?, numbers.get(relationship.child.text())?);
        (whole != part).then_some((*whole, *part))
    };
    let owned = document.artifact_relationships.0.iter().filter_map(pair).collect();
    let schema = document.schema.map(|schema| super::short(schema.version.text())).unwrap_or_default();
    Ok(Sbom {
        format: Format::Syft(schema),
        tools: document
            .descriptor
            .and_then(|descriptor| descriptor.name.0)
            .iter()
            .map(|name| name.to_lowercase())
            .collect(),
        described: document.source.map(described),
        packages: artifacts.into_iter().filter_map(package).collect(),
        owned,
        images: Vec::new(),
        own_licences: BTreeMap::new(),
        unlisted: Vec::new(),
    })
}

fn package(artifact: Artifact) -> Option<Package> {
    Some(Package {
        name: artifact.name.0?,
        version: artifact.version.0,
        purls: artifact.purl.0.into_iter().collect(),
        licences: artifact.licenses.0.into_iter().filter_map(|licence| licence.0).collect(),
        purpose: artifact.kind.0,
        ..Package::default()
    })
}

fn described(source: Source) -> Described {
    let details = if source.metadata.is_object() { source.metadata } else { source.target };
    let detail = |name: &str| details.get(name).and_then(Value::as_str).map(str::to_owned);
    let manifest = detail("manifestDigest").and_then(|text| digest(&text));
    let version = source.version.0;
    Described {
        digest: manifest.or_else(|| version.as_deref().and_then(digest)),
        name: source.name.0.or_else(|| detail("userInput")),
        version,
    }
}
