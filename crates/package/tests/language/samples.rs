//! SBOMs as others write them, for several tests.

/// As Bitnami puts one beside each of its programs.
pub(crate) const BITNAMI: &str = r#"{"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "SPDX document for Redis",
  "dataLicense": "CC0-1.0", "documentDescribes": ["SPDXRef-redis"],
  "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Organization: x", "Tool: Bitnami-Generator-v1.2", "Tool: by hand", "Tool: "]},
  "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-a", "extractedText": "You may."}, {"licenseId": "LicenseRef-b", "name": "B", "extractedText": "No."}],
  "packages": [
    {"SPDXID": "SPDXRef-redis", "name": "redis", "versionInfo": "7.0.8", "licenseConcluded": "BSD-3-Clause", "licenseDeclared": "NOASSERTION",
     "supplier": "Organization: VMware, Inc.", "downloadLocation": "NONE", "homepage": "NOASSERTION",
     "checksums": [{"algorithm": "SHA3-256", "checksumValue": "ABCD"}, {"algorithm": "MD5", "checksumValue": "no hex"}],
     "externalRefs": [
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:*:redis:redis:7.0.8:*:*:*:*:*:*:*"},
       {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:bitnami/redis@7.0.8-0?arch=amd64"},
       {"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/redis@7.0.8"}]},
    {"SPDXID": "SPDXRef-lua", "name": "lua", "versionInfo": "5.1", "originator": "Person: R. I.", "licenseDeclared": "MIT", "sourceInfo": "built package from: lua5 2:5.1-1"},
    {"SPDXID": "SPDXRef-jemalloc", "name": "jemalloc"},
    {"SPDXID": "SPDXRef-nothing", "name": ""}],
  "files": [{"SPDXID": "SPDXRef-File-a", "fileName": "a"}],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-redis"},
    {"spdxElementId": "SPDXRef-redis", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-lua"},
    {"spdxElementId": "SPDXRef-redis", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-File-a"},
    {"spdxElementId": "SPDXRef-redis", "relationshipType": "CONTAINS", "relatedSpdxElement": "NOASSERTION", "comment": "modules"},
    {"spdxElementId": "SPDXRef-lua", "relationshipType": "CONTAINS", "relatedSpdxElement": "NONE"},
    {"spdxElementId": "SPDXRef-lua", "relationshipType": "OTHER", "relatedSpdxElement": "SPDXRef-jemalloc",
     "comment": "ownership-by-file-overlap: indicates that the parent package claims ownership"},
    {"spdxElementId": "SPDXRef-lua", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-redis"}]}"#;
/// The same, as older images of theirs have it.
pub(crate) const TAGS: &str = "# A comment\r
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
DocumentName: SPDX document for Redis
Creator: Organization: x
Creator: Tool: Bitnami-Generator-v1.2
Creator: Tool: by hand
Creator: Tool:
SPDXID: SPDXRef-DOCUMENT

## Relationships
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-redis
Relationship: SPDXRef-redis CONTAINS NOASSERTION
RelationshipComment: <text>modules</text>
Relationship: SPDXRef-redis CONTAINS SPDXRef-File-a
RelationshipComment: not this

PackageName: redis
SPDXID: SPDXRef-redis
PackageVersion: 7.0.8
PackageSupplier: Organization: VMware, Inc.
PackageChecksum: SHA3-256: ABCD
PackageLicenseConcluded: BSD-3-Clause
PackageLicenseDeclared: NOASSERTION
PackageHomePage: NOASSERTION
PackageCopyrightText: <text>Copyright
PackageName: not this
</text>
ExternalRef: SECURITY cpe23Type cpe:2.3:*:redis:redis:7.0.8:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.0.8-0?arch=amd64
ExternalRef: PACKAGE_MANAGER purl pkg:generic/redis@7.0.8

PackageName: lua
SPDXID: SPDXRef-lua
PackageVersion: 5.1
PackageOriginator: Person: R. I.
PackageSourceInfo: <text>built package from: lua5 2:5.1-1</text>
PackageLicenseDeclared: MIT
Relationship: SPDXRef-redis CONTAINS SPDXRef-lua

PackageName: jemalloc
SPDXID: SPDXRef-jemalloc
Relationship: SPDXRef-lua CONTAINS SPDXRef-jemalloc

LicenseID: LicenseRef-a
ExtractedText: <text>You may.</text>
LicenseID: LicenseRef-b
LicenseName: B
";
pub(crate) const CYCLONEDX: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {"component": {"type": "container", "name": "alpine", "version": "sha256:69f0237c7f8cf0b8a329d1bf1d6870c870c4ec323e39d3a6da59596632d0f2f4"}},
  "components": [
    {"type": "operating-system", "name": "alpine", "version": "3.18"},
    {"type": "library", "group": "org.apache", "name": "log4j-core", "version": "2.14.1", "purl": "pkg:maven/org.apache/log4j-core@2.14.1",
     "licenses": [{"license": {"id": "Apache-2.0"}}, {"license": {"name": "Own licence"}}, {"expression": "MIT OR ISC"}],
     "supplier": {"name": "Apache"}, "hashes": [{"alg": "SHA-1", "content": "00ff"}],
     "externalReferences": [{"type": "vcs", "url": "https://v"}, {"type": "website", "url": "https://w"}],
     "components": [{"type": "library", "name": "shaded", "version": "1", "authors": [{"name": "A. B."}]}]}],
  "compositions": [{"aggregate": "complete"}, {"aggregate": "incomplete_first_party_only", "assemblies": []}]}"#;
pub(crate) const SYFT: &str = r#"{"artifacts": [
    {"id": "1", "name": "python3.11", "version": "3.11.2-6", "type": "deb", "purl": "pkg:deb/debian/python3.11@3.11.2-6", "licenses": ["GPL-2"], "locations": [{}]},
    {"id": "2", "name": "six", "version": "1.16.0", "type": "python", "purl": "pkg:pypi/six@1.16.0",
     "licenses": [{"value": "The MIT License", "spdxExpression": "", "type": "declared"}, {"value": "x", "spdxExpression": "MIT"}]}],
  "artifactRelationships": [{"parent": "1", "child": "2", "type": "ownership-by-file-overlap"}, {"parent": "1", "child": "9", "type": "contains"}],
  "source": {"id": "s", "name": "debian", "version": "12", "type": "image",
    "metadata": {"manifestDigest": "sha256:69f0237c7f8cf0b8a329d1bf1d6870c870c4ec323e39d3a6da59596632d0f2f4"}},
  "descriptor": {"name": "syft", "version": "1.18.1"}, "schema": {"version": "16.0.18"}}"#;
