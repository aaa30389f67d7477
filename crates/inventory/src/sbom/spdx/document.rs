use serde::Serialize;

/// An SPDX document (SPDX 2.3, clause 6). Fields stand in the order of the specification.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) spdx_version: &'static str,
    pub(super) data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) document_namespace: String,
    pub(super) creation_info: CreationInfo,
    pub(super) packages: Vec<Package>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) has_extracted_licensing_infos: Vec<ExtractedLicence>,
    pub(super) relationships: Vec<Relationship>,
}

/// Who wrote the document, and when (clauses 6.8 and 6.9).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: Vec<String>,
}

/// A package (clause 7): the image, its distribution, or one of its packages.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<String>,
    pub(super) download_location: Unsaid,
    pub(super) files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_info: Option<String>,
    pub(super) license_concluded: Unsaid,
    pub(super) license_declared: String,
    pub(super) copyright_text: Unsaid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) primary_package_purpose: Option<Purpose>,
}

/// A licence that SPDX has no name for (clause 10).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExtractedLicence {
    pub(super) license_id: String,
    pub(super) extracted_text: String,
    pub(super) name: String,
}

/// What a package is (clause 7.24).
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub(super) enum Purpose {
    Container,
    OperatingSystem,
}

impl Default for Package {
    /// Claims nothing.
    fn default() -> Self {
        Self {
            name: String::new(),
            id: String::new(),
            version_info: None,
            supplier: None,
            download_location: Unsaid::NoAssertion,
            files_analyzed: false,
            checksums: Vec::new(),
            homepage: None,
            source_info: None,
            license_concluded: Unsaid::NoAssertion,
            license_declared: "NOASSERTION".to_owned(),
            copyright_text: Unsaid::NoAssertion,
            summary: None,
            external_refs: Vec::new(),
            primary_package_purpose: None,
        }
    }
}

/// Stands where the document makes no claim.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) enum Unsaid {
    #[serde(rename = "NOASSERTION")]
    NoAssertion,
}

/// A checksum (clause 7.10).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    pub(super) algorithm: String,
    pub(super) checksum_value: String,
}

/// A name of the package elsewhere (clause 7.21).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalReference {
    pub(super) reference_category: &'static str,
    pub(super) reference_type: &'static str,
    pub(super) reference_locator: String,
}

impl ExternalReference {
    /// Makes the reference to a package URL.
    pub(super) fn purl(locator: String) -> Self {
        Self { reference_category: "PACKAGE-MANAGER", reference_type: "purl", reference_locator: locator }
    }
}

/// How two elements belong together (clause 11).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) spdx_element_id: String,
    pub(super) relationship_type: RelationshipType,
    pub(super) related_spdx_element: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
}

/// Kinds of belonging together.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RelationshipType {
    Describes,
    Contains,
    DescendantOf,
}
