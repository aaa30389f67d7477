//! What is read of a document, in the words of CycloneDX.

use crate::sbom::lenient::{List, Said, Word};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Before what trivy says of the source package, in the names of properties.
pub(super) const SOURCE: &str = "aquasecurity:trivy:Src";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) spec_version: Word,
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) components: List<Component>,
    #[serde(default)]
    pub(super) compositions: List<Composition>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) tools: Tools,
    pub(super) component: Option<Component>,
}

/// The programs that wrote the document: until 1.4 a list, since 1.5 an object that has one.
#[derive(Default)]
pub(super) struct Tools(pub(super) List<Tool>);

#[derive(Deserialize)]
pub(super) struct Tool {
    #[serde(default)]
    pub(super) name: Word,
}

#[derive(Deserialize)]
struct ToolComponents {
    #[serde(default)]
    components: List<Tool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: Word,
    #[serde(rename = "bom-ref")]
    pub(super) id: Word,
    pub(super) name: Word,
    pub(super) group: Word,
    pub(super) version: Word,
    pub(super) purl: Word,
    pub(super) publisher: Word,
    pub(super) author: Word,
    pub(super) authors: List<Organisation>,
    pub(super) supplier: Option<Organisation>,
    pub(super) licenses: List<Choice>,
    pub(super) hashes: List<Hash>,
    pub(super) external_references: List<Reference>,
    pub(super) properties: List<Property>,
    pub(super) components: List<Component>,
}

/// What trivy says of the source package.
#[derive(Deserialize)]
pub(super) struct Property {
    #[serde(default)]
    pub(super) name: Word,
    #[serde(default)]
    pub(super) value: Word,
}

#[derive(Deserialize)]
pub(super) struct Organisation {
    #[serde(default)]
    pub(super) name: Word,
}

/// A licence, or an expression of several.
#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) license: Option<Named>,
    #[serde(default)]
    pub(super) expression: Word,
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) id: Word,
    #[serde(default)]
    pub(super) name: Word,
}

#[derive(Deserialize)]
pub(super) struct Hash {
    #[serde(default)]
    pub(super) alg: Word,
    #[serde(default)]
    pub(super) content: Word,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "type", default)]
    pub(super) kind: Word,
    #[serde(default)]
    pub(super) url: Word,
}

#[derive(Deserialize)]
pub(super) struct Composition {
    #[serde(default)]
    pub(super) aggregate: Word,
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToolsVisitor)
    }
}

struct ToolsVisitor;

impl<'de> Visitor<'de> for ToolsVisitor {
    type Value = Tools;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list or an object")
    }

    fn visit_unit<E>(self) -> Result<Tools, E> {
        Ok(Tools::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Tools, A::Error> {
        List::deserialize(SeqAccessDeserializer::new(list)).map(Tools)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tools, A::Error> {
        ToolComponents::deserialize(MapAccessDeserializer::new(map)).map(|tools| Tools(tools.components))
    }
}

impl Said for Tool {
    fn is_said(&self) -> bool {
        self.name.is_said()
    }
}

impl Said for Property {
    fn is_said(&self) -> bool {
        self.name.text().starts_with(SOURCE) && self.value.is_said()
    }
}

impl Said for Component {
    fn is_said(&self) -> bool {
        self.name.is_said() || !self.components.0.is_empty()
    }
}

impl Said for Choice {
    fn is_said(&self) -> bool {
        self.expression.is_said()
            || self.license.as_ref().is_some_and(|license| license.id.is_said() || license.name.is_said())
    }
}

impl Said for Organisation {
    fn is_said(&self) -> bool {
        self.name.is_said()
    }
}

impl Said for Hash {
    fn is_said(&self) -> bool {
        self.content.is_said()
    }
}

impl Said for Reference {
    fn is_said(&self) -> bool {
        self.kind.text() == "website"
    }
}

impl Said for Composition {
    fn is_said(&self) -> bool {
        let aggregate = self.aggregate.text();
        aggregate == "unknown" || aggregate.starts_with("incomplete")
    }
}
