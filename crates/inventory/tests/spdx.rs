//! What the SPDX document of an image says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, list, package};
use consign_inventory::{Catalogue, Described, SbomError, receipt};
use consign_oci::{Digest, Platform};
use consign_receipt::{Trust, predicate};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn catalogue() -> Catalogue {
    let status =
        [package("libstdc++6", "12.2.0-14"), package("libstdc--6", "12.2.0-14"), package("a", "1:1.0~rc1-1")].concat();
    list(&[vec![
        file("etc/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian 12\"\n"),
        file("var/lib/dpkg/status", &status),
    ]])
    .unwrap()
}

fn document(catalogue: &Catalogue, created: Option<&str>) -> Result<Value, SbomError> {
    let (digest, platform) = (Digest::of(b"manifest"), "linux/amd64".parse::<Platform>().unwrap());
    catalogue.spdx(&Described {
        name: "ghcr.io/team/hello",
        repository: Some("ghcr.io/team/hello"),
        digest: &digest,
        platform: &platform,
        created,
        layers: &[],
        base: None,
    })
}

#[test]
fn describes_the_image_and_all_in_it() {
    let document = document(&catalogue(), Some("2026-01-02T03:04:05.6Z")).unwrap();
    let digest = Digest::of(b"manifest");
    for (pointer, expected) in [
        ("/spdxVersion", json!("SPDX-2.3")),
        ("/dataLicense", json!("CC0-1.0")),
        ("/SPDXID", json!("SPDXRef-DOCUMENT")),
        ("/name", json!("ghcr.io/team/hello")),
        ("/creationInfo/created", json!("2026-01-02T03:04:05Z")),
        ("/creationInfo/creators", json!([format!("Tool: consign-{}", env!("CARGO_PKG_VERSION"))])),
        ("/packages/0/primaryPackagePurpose", json!("CONTAINER")),
        ("/packages/0/checksums", json!([{"algorithm": "SHA256", "checksumValue": digest.hex()}])),
        ("/packages/0/versionInfo", json!(digest.to_string())),
        ("/packages/1/primaryPackagePurpose", json!("OPERATING-SYSTEM")),
        ("/packages/1/versionInfo", json!("12")),
        ("/packages/2/name", json!("a")),
        ("/packages/2/versionInfo", json!("1:1.0~rc1-1")),
        ("/packages/2/supplier", json!("Organization: A B (a@example.org)")),
        ("/packages/2/summary", json!("words")),
        ("/packages/2/filesAnalyzed", json!(false)),
        ("/packages/2/downloadLocation", json!("NOASSERTION")),
        ("/packages/2/licenseDeclared", json!("NOASSERTION")),
        ("/packages/2/externalRefs/0/referenceCategory", json!("PACKAGE-MANAGER")),
        ("/packages/3/name", json!("libstdc++6")),
        ("/relationships/0/relationshipType", json!("DESCRIBES")),
        ("/relationships/0/relatedSpdxElement", json!("SPDXRef-Image")),
        ("/relationships/4/relationshipType", json!("CONTAINS")),
    ] {
        assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(document["packages"].as_array().unwrap().len(), 5);
    assert_eq!(document["relationships"].as_array().unwrap().len(), 5);
}

#[test]
fn says_that_more_may_be_in_it() {
    let catalogue = list(&[vec![file("var/lib/pacman/local/ALPM_DB_VERSION", "9\n")]]).unwrap();
    let document = document(&catalogue, None).unwrap();
    let expected = json!({
        "spdxElementId": "SPDXRef-Image", "relationshipType": "CONTAINS", "relatedSpdxElement": "NOASSERTION",
        "comment": "what /var/lib/pacman/local/ALPM_DB_VERSION lists",
    });
    assert_eq!(document["relationships"][1], expected);
}

#[test]
fn identifiers_are_valid_and_unique() {
    let document = document(&catalogue(), None).unwrap();
    let identifiers: Vec<&str> =
        document["packages"].as_array().unwrap().iter().map(|package| package["SPDXID"].as_str().unwrap()).collect();
    for identifier in &identifiers {
        let rest = identifier.strip_prefix("SPDXRef-").unwrap();
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)), "{identifier}");
    }
    assert_eq!(identifiers.iter().collect::<BTreeSet<_>>().len(), identifiers.len());
    let related: Vec<&str> = document["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["relatedSpdxElement"].as_str().unwrap())
        .collect();
    assert_eq!(identifiers, related);
}

#[test]
fn is_the_same_for_the_same_image_only() {
    let bytes = |created| serde_json::to_vec(&document(&catalogue(), created).unwrap()).unwrap();
    assert_eq!(bytes(None), bytes(None));
    let namespace = |created| document(&catalogue(), created).unwrap()["documentNamespace"].clone();
    assert_ne!(namespace(None), namespace(Some("2026-01-02T03:04:05Z")));
    assert!(matches!(document(&catalogue(), Some("now")), Err(SbomError::Created { .. })));
}

#[test]
fn is_a_receipt_about_the_manifest() {
    let document = document(&catalogue(), None).unwrap();
    let digest = Digest::of(b"manifest");
    let receipt = receipt(document.clone(), &digest).unwrap();
    assert_eq!(receipt.trust, Trust::Derived);
    assert!(receipt.statement.is_about(&digest));
    assert_eq!((receipt.statement.predicate_type.as_str(), &receipt.statement.predicate), (predicate::SBOM, &document));
}
