//! Records and images made of few words.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of it, and fails by panicking")]

pub(crate) mod files;

use consign_oci::Digest;
use consign_receipt::predicate::Vulnerabilities;
use consign_receipt::{Finding, Receipt};
use consign_scan::{Database, DatabaseError, Subject, scan};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Returns a record about one package that is fixed in a version, or in none.
pub(crate) fn record(id: &str, ecosystem: &str, package: &str, fixed: Option<&str>) -> Value {
    let mut events = vec![json!({"introduced": "0"})];
    events.extend(fixed.map(|fixed| json!({"fixed": fixed})));
    json!({
        "schema_version": "1.7.0",
        "id": id,
        "modified": "2026-01-02T03:04:05Z",
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }],
    })
}

/// Adds fields to a record.
pub(crate) fn with(mut record: Value, fields: Value) -> Value {
    record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    record
}

pub(crate) fn write(folder: &Path, records: &[Value]) {
    fs::create_dir_all(folder).unwrap();
    for (number, record) in records.iter().enumerate() {
        fs::write(folder.join(format!("{number}.json")), record.to_string()).unwrap();
    }
}

pub(crate) fn database(records: &[Value]) -> Database {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), records);
    read([folder.path()]).unwrap()
}

/// Reads databases as of a day after that of the records.
pub(crate) fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Database, DatabaseError> {
    Database::read(paths, "2026-11-21T00:00:00Z".parse().unwrap())
}

/// Returns an SPDX document with these package URLs.
pub(crate) fn sbom(purls: &[&str]) -> Value {
    let package = |purl: &&str| {
        json!({
            "name": "x",
            // Packages of rpm say whose they are: here, of any distribution.
            "supplier": purl.starts_with("pkg:rpm/").then_some("Organization: AlmaLinux, Rocky, Red Hat and SUSE"),
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}],
        })
    };
    let image = json!({"name": "image", "primaryPackagePurpose": "CONTAINER"});
    let packages: Vec<Value> = [image].into_iter().chain(purls.iter().map(package)).collect();
    json!({"spdxVersion": "SPDX-2.3", "packages": packages})
}

pub(crate) fn scanned(database: &Database, purls: &[&str]) -> Receipt {
    let digest = Digest::of(b"manifest");
    let sbom = sbom(purls);
    let subject = Subject { digest: &digest, platform: None, sbom: &sbom, created: Some("2025-01-01T00:00:00Z") };
    scan(&subject, database).unwrap()
}

/// Returns an SPDX document of packages, each with its supplier, and of which contains which. The first is number 1: the image is 0.
pub(crate) fn document(packages: &[(&str, Option<&str>)], contained: &[(usize, usize)]) -> Value {
    let purls: Vec<&str> = packages.iter().map(|(purl, _)| *purl).collect();
    let mut document = sbom(&purls);
    let suppliers = [None].into_iter().chain(packages.iter().map(|(_, supplier)| *supplier));
    let listed = document["packages"].as_array_mut().unwrap().iter_mut();
    for (number, (package, supplier)) in listed.zip(suppliers).enumerate() {
        package["SPDXID"] = format!("SPDXRef-{number}").into();
        if let Some(supplier) = supplier {
            package["supplier"] = format!("Organization: {supplier}").into();
        }
    }
    let relationship = |(from, to): &(usize, usize)| {
        json!({
            "spdxElementId": format!("SPDXRef-{from}"), "relationshipType": "CONTAINS", "relatedSpdxElement": format!("SPDXRef-{to}"),
        })
    };
    document["relationships"] = contained.iter().map(relationship).collect();
    document
}

/// Returns what is found in a document on a platform, and its parts: whether compared, how many packages, and of what.
pub(crate) fn judged(database: &Database, sbom: &Value, platform: Option<&str>) -> (Vec<String>, Vec<String>) {
    let (digest, platform) = (Digest::of(b"manifest"), platform.map(|platform| platform.parse().unwrap()));
    let subject = Subject { digest: &digest, platform: platform.as_ref(), sbom, created: None };
    let claim = claim(&scan(&subject, database).unwrap());
    let found = claim.findings().into_iter().map(|finding| format!("{} {}", finding.package, finding.advisory));
    let word = |covered| if covered { "compared" } else { "not compared" };
    let parts = claim.coverage.iter();
    let parts = parts.map(|part| format!("{}: {} of {}", word(part.covered), part.packages, part.ecosystem));
    (found.collect(), parts.collect())
}

pub(crate) fn claim(receipt: &Receipt) -> Vulnerabilities {
    Vulnerabilities::deserialize(&receipt.statement.predicate).unwrap()
}

pub(crate) fn findings(database: &Database, purls: &[&str]) -> Vec<Finding> {
    claim(&scanned(database, purls)).findings()
}
