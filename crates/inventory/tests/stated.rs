//! SBOMs that lie in images: what they list is listed, as they state it, and once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, lines, list};
use consign_inventory::Catalogue;
use consign_oci::layer::Entry;
use serde_json::json;

/// As Bitnami puts one beside each of its programs.
const BITNAMI: &str = r#"{"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "SPDX document for Redis", "documentDescribes": ["SPDXRef-redis"],
  "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-a", "extractedText": "You may."}],
  "packages": [
    {"SPDXID": "SPDXRef-redis", "name": "redis", "versionInfo": "7.0.8", "licenseConcluded": "BSD-3-Clause", "supplier": "Organization: VMware, Inc.",
     "externalRefs": [
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:*:redis:redis:7.0.8:*:*:*:*:*:*:*"},
       {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:bitnami/redis@7.0.8-0?arch=amd64"}]},
    {"SPDXID": "SPDXRef-lua", "name": "lua", "versionInfo": "5.1", "licenseDeclared": "LicenseRef-a"}],
  "relationships": [{"spdxElementId": "SPDXRef-redis", "relationshipType": "CONTAINS", "relatedSpdxElement": "NOASSERTION", "comment": "modules"}]}"#;

fn cyclonedx(purls: &[&str]) -> Entry {
    let components = purls.iter().map(|purl| json!({"type": "library", "name": "BurntSushi/toml", "purl": purl}));
    let document =
        json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components.collect::<Vec<_>>()});
    file("app/sbom.cdx.json", &document.to_string())
}

fn purls(catalogue: &Catalogue) -> Vec<&str> {
    catalogue.packages.iter().map(|package| package.purl.as_str()).collect()
}

#[test]
fn packages_of_every_kind_are_listed() {
    let catalogue = list(&[vec![file("opt/bitnami/redis/.spdx-redis.spdx", BITNAMI)]]).unwrap();
    assert_eq!(lines(&catalogue), ["other lua 5.1", "other redis 7.0.8-0"]);
    assert_eq!(purls(&catalogue), ["", "pkg:bitnami/redis@7.0.8-0?arch=amd64"]);
    assert_eq!(catalogue.packages[0].licences, ["You may."]);
    let expected =
        "what /opt/bitnami/redis/.spdx-redis.spdx holds: the document says that it does not list all: modules";
    assert_eq!(catalogue.unlisted, [expected]);
    let incomplete = r#"{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "zlib", "purl": "pkg:conan/zlib@1.2"}],
        "compositions": [{"aggregate": "incomplete"}]}"#;
    let catalogue = list(&[vec![file("app/bom.json", incomplete)]]).unwrap();
    assert_eq!(lines(&catalogue), ["other zlib 1.2"]);
    assert_eq!(catalogue.unlisted.len(), 1);
}

#[test]
fn a_version_beside_a_package_url_is_the_packages() {
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "left-pad", "version": "1.3.0", "purl": "pkg:npm/left-pad"},
        {"type": "library", "name": "left-pad", "version": "1.3.0", "purl": "pkg:npm/left-pad@1.3.0"},
    ]});
    let catalogue = list(&[vec![file("app/bom.json", &document.to_string())]]).unwrap();
    assert_eq!(purls(&catalogue), ["pkg:npm/left-pad@1.3.0"]);
}

#[test]
fn a_package_of_another_distribution_stays_one() {
    let stated = "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12&upstream=curl-source%407.88.1";
    let os = file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.0\n");
    let apk = file("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\n\n");
    let rpm = "pkg:rpm/redhat/bash@5.1-2?arch=x86_64&epoch=1&upstream=bash-5.1-2.src.rpm";
    let catalogue = list(&[vec![os, apk, cyclonedx(&[stated, rpm])]]).unwrap();
    assert_eq!(purls(&catalogue)[..2], [rpm, stated]);
    let source = catalogue.packages[1].source.as_ref().unwrap();
    assert_eq!((source.name.as_str(), source.version.as_str()), ("curl-source", "7.88.1"));
    let bash = &catalogue.packages[0];
    assert_eq!((bash.version.as_deref(), bash.source.as_ref().unwrap().version.as_str()), (Some("1:5.1-2"), "5.1-2"));
}

#[test]
fn what_is_there_and_stated_too_is_listed_once() {
    let stated = cyclonedx(&["pkg:pypi/jinja2@3.1.2", "pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.2.0"]);
    let layer = vec![
        stated,
        file("venv/Jinja2-3.1.2.dist-info/METADATA", "Name: Jinja2\nVersion: 3.1.2\n"),
        file("venv/zope.interface-5.dist-info/METADATA", "Name: zope.interface\nVersion: 5\n"),
        file("venv/zope_interface-5.egg-info/PKG-INFO", "Name: zope-interface\nVersion: 5\n"),
        file("app/node_modules/left-pad/package.json", r#"{"name": "left-pad", "version": "1.3.0"}"#),
    ];
    let catalogue = list(&[layer]).unwrap();
    let expected = ["pypi Jinja2 3.1.2", "npm left-pad 1.2.0", "npm left-pad 1.3.0", "pypi zope.interface 5"];
    assert_eq!(lines(&catalogue), expected);
    assert_eq!(catalogue.packages.iter().map(|package| package.places.len()).collect::<Vec<_>>(), [2, 1, 2, 2]);
}

#[test]
fn which_file_of_a_package_it_is_tells_no_packages_apart() {
    let all = ["pkg:maven/g/a@1.0?type=jar", "pkg:maven/g/a@1.0", "pkg:golang/github.com/burntsushi/toml@v1.2.0"];
    let catalogue = list(&[vec![cyclonedx(&all)]]).unwrap();
    assert_eq!(lines(&catalogue), ["maven g:a 1.0", "golang github.com/burntsushi/toml v1.2.0"]);
}
