//! Damaged configurations, locks and lists of ignored advisories: nothing panics, and `checks` holds.
//! The targets in `fuzz/` check the same where there is a compiler for that.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod checks;
#[path = "../schema/whole.rs"]
mod whole;

use consign_oci::Digest;
use consign_plan::configuration::IgnoreFile;
use consign_plan::{Configuration, Lock, LockedDatabase, LockedImage, LockedPackage};
use consign_testkit::mutate::{seeds_of_the_caller, survives};
use std::collections::BTreeMap;

const SYNC: &str = "sync:\n  - source: docker.io/library/debian\n    destination: ghcr.io/team/debian\n    tags: [\"12\", \"13*\"]\n  - source: quay.io/a/b\n    destination: {a: b\n";

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(seeds_of_the_caller()).collect()
}

#[test]
fn configurations() {
    assert!(Configuration::parse("a/consign.yaml", whole::WHOLE).is_ok());
    survives(&seeds(&[whole::WHOLE, SYNC]), 1000, checks::configuration);
}

#[test]
fn locks() {
    let package = LockedPackage {
        name: "a".into(),
        version: "2:1.0~rc1+deb12u1".into(),
        architecture: "amd64".into(),
        suite: "bookworm".into(),
        path: "pool/main/a_1.0_amd64.deb".into(),
        size: 7,
        digest: Digest::of(b"a"),
        url: "pkg:deb/debian/a@2:1.0~rc1%2Bdeb12u1?arch=amd64".into(),
    };
    let packages = BTreeMap::from([("linux/amd64".parse().unwrap(), vec![package])]);
    let image = LockedImage::new(Digest::of(b"x"), None, Some("bookworm".into()), packages);
    let advisories = LockedDatabase { digest: Digest::of(b"d"), artifact: Some(Digest::of(b"m")) };
    let lock = Lock { images: Some(BTreeMap::from([("web".to_owned(), image)])), advisories: Some(advisories) };
    let text = lock.text().unwrap();
    assert_eq!(Lock::parse(&text).unwrap(), lock);
    survives(&seeds(&[&text]), 5000, checks::lock);
}

#[test]
fn statements() {
    let document = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "timestamp": "2026-10-01T00:00:00Z", "statements": [
        {"vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]}, "status": "fixed", "products":
          [{"@id": "pkg:oci/a@sha256%3A00", "hashes": {"sha-256": "00"}, "subcomponents": [{"@id": "pkg:deb/debian/a"}]}, "pkg:npm/b"]},
        {"vulnerability": "CVE-2", "status": "not_affected", "impact_statement": "none"}]}"#;
    assert!(consign_receipt::VexDocument::read(&serde_json::from_str(document).unwrap()).is_ok());
    survives(&seeds(&[document]), 3000, checks::vex);
}

#[test]
fn lists_of_ignored_advisories() {
    let lines =
        "# Accepted by the board\nCVE-2018-14618\nCVE-2019-14697 exp:2023-01-01\n\nCVE-2019-1543 # not reachable\r\n";
    let trivy = "vulnerabilities:\n  - id: CVE-2022-40897\n    expired_at: 2021-01-01\n    statement: Accept\n  - id: CVE-2023-2650\n    purls: [pkg:deb/debian/libssl1.1]\nsecrets: []\n";
    let grype = "ignore:\n  - vulnerability: CVE-2008-4318\n    reason: not compiled in\n    package: {name: libcurl}\n  - vulnerability: CVE-2024-2\n    fix-state: not-fixed\n";
    for (name, text) in IgnoreFile::NAMES.into_iter().zip([lines, trivy, grype]) {
        assert!(!IgnoreFile::parse(name, text).unwrap().entries.is_empty(), "{name}");
    }
    survives(&seeds(&[lines, trivy, grype]), 2000, checks::ignored);
}
