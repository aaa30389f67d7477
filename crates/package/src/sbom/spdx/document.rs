//! What is read of a document, in the words of SPDX.

use crate::sbom::lenient::{List, Said, Word};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(rename = "SPDXID", default)]
    pub(super) id: Word,
    #[serde(default)]
    pub(super) name: Word,
    #[serde(default)]
    pub(super) creation_info: CreationInfo,
    #[serde(default)]
    pub(super) document_describes: List<Word>,
    #[serde(default)]
    pub(super) packages: List<Item>,
    #[serde(default)]
    pub(super) relationships: List<Relationship>,
    #[serde(default)]
    pub(super) has_extracted_licensing_infos: List<Extracted>,
}

/// Who wrote the document (clause 6.8).
#[derive(Default, Deserialize)]
pub(super) struct CreationInfo {
    #[serde(default)]
    pub(super) creators: List<Word>,
}

/// A licence that is not on SPDX's list (clause 10).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extracted {
    #[serde(default)]
    pub(super) license_id: Word,
    #[serde(default)]
    pub(super) name: Word,
    #[serde(default)]
    pub(super) extracted_text: Word,
}

/// A package (clause 7).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Item {
    #[serde(rename = "SPDXID")]
    pub(super) id: Word,
    pub(super) name: Word,
    pub(super) version_info: Word,
    pub(super) supplier: Word,
    pub(super) originator: Word,
    pub(super) homepage: Word,
    pub(super) source_info: Word,
    pub(super) license_declared: Word,
    pub(super) license_concluded: Word,
    pub(super) primary_package_purpose: Word,
    pub(super) checksums: List<Checksum>,
    pub(super) external_refs: List<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    #[serde(default)]
    pub(super) algorithm: Word,
    #[serde(default)]
    pub(super) checksum_value: Word,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) reference_type: Word,
    #[serde(default)]
    pub(super) reference_locator: Word,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    #[serde(default)]
    pub(super) spdx_element_id: Word,
    #[serde(default)]
    pub(super) relationship_type: Word,
    #[serde(default)]
    pub(super) related_spdx_element: Word,
    #[serde(default)]
    pub(super) comment: Word,
}

impl Said for Item {
    fn is_said(&self) -> bool {
        self.name.is_said()
    }
}

impl Said for Checksum {
    fn is_said(&self) -> bool {
        self.checksum_value.is_said()
    }
}

impl Said for Reference {
    fn is_said(&self) -> bool {
        self.reference_type.text() == "purl" && self.reference_locator.is_said()
    }
}

impl Said for Extracted {
    fn is_said(&self) -> bool {
        self.license_id.is_said()
    }
}

impl Said for Relationship {
    /// Relationships of files are most of many documents, and not asked for.
    fn is_said(&self) -> bool {
        let is_file = |word: &Word| word.text().starts_with("SPDXRef-File");
        let kinds = ["DESCRIBES", "DESCRIBED_BY", "CONTAINS", "CONTAINED_BY", "OTHER"];
        kinds.contains(&self.relationship_type.text())
            && !is_file(&self.spdx_element_id)
            && !is_file(&self.related_spdx_element)
    }
}
