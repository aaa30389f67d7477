//! What is read of a document, in the words of CycloneDX.

use crate::sbom::lenient::{List, Said, Word};
use serde::Deserialize;

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
    pub(super) component: Option<Component>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: Word,
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
    pub(super) components: List<Component>,
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
